"""What stands for a patient, a study, a series and a date in this installation: hashes under its secret.

UIDs become `2.25.` UIDs (PS3.5 B.2) of an HMAC, so that what belongs together stays together. Dates are
shifted by a number of days that is the patient's own (PS3.15 Annex E, "Retain Longitudinal Temporal
Information With Modified Dates Option"), so that intervals between a patient's studies stay.
"""

import hashlib
import hmac
import uuid
from dataclasses import dataclass
from datetime import date, timedelta

MOST_DAYS_SHIFTED = 3652
_DATE_LENGTH = 8  # of a DICOM date, YYYYMMDD


@dataclass(frozen=True)
class Identity:
    """What the files of one stack say of themselves: UIDs and a date (YYYYMMDD), blank where they do not.

    `stack` counts the stacks of one series.
    """

    study_uid: str = ""
    series_uid: str = ""
    stack: int = 0
    acquired_on: str = ""


UNSAID = Identity()
"""Of files that say nothing."""


@dataclass(frozen=True)
class Pseudonyms:
    """What is kept of an identity: UIDs that stand for the study and the series, and a shifted date."""

    study_uid: str = ""
    series_uid: str = ""
    acquired_on: date | None = None


def patient_key(secret: str, patient: str) -> str:
    """Return what stands for a patient: HMAC-SHA-256 of the identifier under the installation's secret."""
    return _hashed(secret, "patient", patient.strip()).hex()


def pseudonyms_of(secret: str, patient: str, identity: Identity) -> Pseudonyms:
    """Return what stands for a stack of a patient, the same in every import into this installation."""
    series = identity.series_uid.strip()
    which = f"{series}/{identity.stack}" if series and identity.stack else series
    return Pseudonyms(
        _uid(secret, identity.study_uid.strip()),
        _uid(secret, which),
        _shifted(secret, patient, identity.acquired_on.strip()),
    )


def _uid(secret: str, uid: str) -> str:
    if not uid:
        return ""
    return f"2.25.{uuid.UUID(bytes=_hashed(secret, 'uid', uid)[:16], version=5).int}"


def _shifted(secret: str, patient: str, said: str) -> date | None:
    """Return a date earlier by the patient's own number of days; None where there is no usable date."""
    if len(said) != _DATE_LENGTH or not (said.isascii() and said.isdigit()):
        return None
    days = 1 + int.from_bytes(_hashed(secret, "days", patient.strip())[:8]) % MOST_DAYS_SHIFTED
    try:
        return date(int(said[:4]), int(said[4:6]), int(said[6:])) - timedelta(days=days)
    except (ValueError, OverflowError):
        return None


def _hashed(secret: str, what: str, value: str) -> bytes:
    return hmac.new(secret.encode(), f"{what}:{value}".encode(), hashlib.sha256).digest()
