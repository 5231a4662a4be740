"""CT in DICOM: stacks of slices are found in a folder, checked, and decoded to Hounsfield units.

Nothing that names a patient leaves this package but the Patient ID, which `patient_key` turns into a hash.
"""

import hashlib
import hmac

from annotation.imaging.dicom.find import Found, Series, find_series
from annotation.imaging.dicom.series import Allowed, Reading, read_series
from annotation.imaging.dicom.summary import KEPT

__all__ = ["KEPT", "Allowed", "Found", "Reading", "Series", "find_series", "patient_key", "read_series"]


def patient_key(secret: str, patient: str) -> str:
    """Return what stands for a patient: HMAC-SHA-256 of the identifier under the installation's secret."""
    return hmac.new(secret.encode(), f"patient:{patient.strip()}".encode(), hashlib.sha256).hexdigest()
