"""How scans and the delineations that came with them become cases: each of them whole or not at all."""

from annotation.imaging.dicom import Allowed
from annotation.ingest.cases import add_case, content_sha256, read_voxels, upload_case
from annotation.ingest.door import Door, change_door, door_of
from annotation.ingest.folders import Options, allowed_in, import_folder, import_paths
from annotation.ingest.looking import Looked, look
from annotation.ingest.quarantine import picture_of, release, remove
from annotation.ingest.reads import ReadsReport, import_reads
from annotation.ingest.reports import Imported, ImportReport, Refusal
from annotation.ingest.signing import sign_volumes
from annotation.ingest.spacing import give_spacing

__all__ = [
    "Allowed",
    "Door",
    "ImportReport",
    "Imported",
    "Looked",
    "Options",
    "ReadsReport",
    "Refusal",
    "add_case",
    "allowed_in",
    "change_door",
    "content_sha256",
    "door_of",
    "give_spacing",
    "import_folder",
    "import_paths",
    "import_reads",
    "look",
    "picture_of",
    "read_voxels",
    "release",
    "remove",
    "sign_volumes",
    "upload_case",
]
