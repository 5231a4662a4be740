"""How series were named where they came from: kept for projects that ask for it, sealed, in a table apart.

Read by the two exports that go back there, and by nothing else. Sealed with Fernet (AES-128-CBC and
HMAC-SHA-256) under a key that HKDF (RFC 5869) derives from the installation's secret: without the secret the
rows say nothing, so backups of the database alone name nobody's study.
"""

import base64
import json
import zlib

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from annotation.errors import Refused
from annotation.imaging.dicom import Original
from annotation.models import OriginalUids, Project, Volume

_PURPOSE = b"delineate: original UIDs"
_KEY_BYTES = 32


def keep(volume: Volume, original: Original) -> None:
    """Seal the names of a volume's series, in the caller's transaction."""
    words = json.dumps(original.as_json(), separators=(",", ":")).encode()
    OriginalUids.objects.create(volume=volume, sealed=_seal().encrypt(zlib.compress(words, 9)))


def original_of(volume_id: int) -> Original | None:
    """Return how a volume's series was named, or None where that was not kept.

    Raises Refused where it was sealed under another secret.
    """
    row = OriginalUids.objects.filter(volume=volume_id).first()
    if row is None:
        return None
    try:
        words = zlib.decompress(_seal().decrypt(bytes(row.sealed)))
    except InvalidToken as error:
        raise Refused(
            "The original UIDs were sealed under another secret than this installation's; set the SECRET_KEY "
            "that was in force when the series came in."
        ) from error
    return Original.from_json(json.loads(words))


def kept_in(project: Project) -> int:
    """Return of how many of a project's volumes the original UIDs are kept."""
    return OriginalUids.objects.filter(volume__in=project.cases.values("volume")).count()


def forget(project: Project) -> int:
    """Erase all that is kept for a project, in the caller's transaction; return of how many volumes."""
    return OriginalUids.objects.filter(volume__in=project.cases.values("volume")).delete()[0]


def _seal() -> Fernet:
    key = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE)
    return Fernet(base64.urlsafe_b64encode(key.derive(settings.SECRET_KEY.encode())))
