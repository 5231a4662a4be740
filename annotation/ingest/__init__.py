"""How scans and the delineations that came with them become cases: each of them whole or not at all."""

from annotation.imaging.dicom import Allowed
from annotation.ingest.cases import add_case, content_sha256, read_voxels, upload_case
from annotation.ingest.folders import Imported, ImportReport, Refusal, import_folder, import_paths
from annotation.ingest.reads import ReadsReport, import_reads

__all__ = [
    "Allowed",
    "ImportReport",
    "Imported",
    "ReadsReport",
    "Refusal",
    "add_case",
    "content_sha256",
    "import_folder",
    "import_paths",
    "import_reads",
    "read_voxels",
    "upload_case",
]
