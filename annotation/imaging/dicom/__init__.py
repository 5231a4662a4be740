"""CT in DICOM: stacks of slices are found in a folder, checked, and decoded to Hounsfield units.

Nothing that names a patient leaves this package but what `pseudonyms` turns into hashes: the Patient ID,
the UIDs of study and series, and the date. UIDs leave as they are for projects that keep them (`Original`).
"""

from annotation.imaging.dicom.find import Found, Series, find_series
from annotation.imaging.dicom.originals import Original
from annotation.imaging.dicom.pseudonyms import UNSAID, Identity, Pseudonyms, patient_key, pseudonyms_of
from annotation.imaging.dicom.series import Allowed, Reading, read_series
from annotation.imaging.dicom.summary import KEPT

__all__ = [
    "KEPT",
    "UNSAID",
    "Allowed",
    "Found",
    "Identity",
    "Original",
    "Pseudonyms",
    "Reading",
    "Series",
    "find_series",
    "patient_key",
    "pseudonyms_of",
    "read_series",
]
