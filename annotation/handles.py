"""Names for volumes and masks that tell a reader nothing: not that two reads show the same case.

A handle is an AES-SIV box over (kind, row, user, n), n = how many-th read of the case by this user. Within
one read it is always the same, so that the browser's cache works; another read of the case, and another user,
get another one. Nobody can make one up. n = 0 is for leads, who look at reads that are not theirs.
"""

import base64
import binascii
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from annotation.errors import NotFound

Kind = Literal["volume", "mask"]
LEAD = 0
_CODES: dict[Kind, int] = {"volume": 1, "mask": 2}
_FORMAT = struct.Struct(">BQQI")
_LONGEST = 100


@dataclass(frozen=True)
class Named:
    """The row that a handle stands for, and the number of the read that it belongs to."""

    row: int
    number: int


@dataclass(frozen=True)
class Namer:
    """Gives the handles of one user for one read."""

    user: int
    number: int

    def volume(self, row: int) -> str:
        return seal("volume", row, self.user, self.number)

    def mask(self, row: int) -> str:
        return seal("mask", row, self.user, self.number)


def seal(kind: Kind, row: int, user: int, number: int) -> str:
    boxed = _box(settings.SECRET_KEY).encrypt(_FORMAT.pack(_CODES[kind], row, user, number), None)
    return base64.urlsafe_b64encode(boxed).decode("ascii").rstrip("=")


def unseal(kind: Kind, handle: str, user: int) -> Named:
    """What the handle stands for. Raises NotFound for what is damaged, of another kind or another user's."""
    missing = NotFound(f"There is no such {kind}, or it is not yours to see.")
    if len(handle) > _LONGEST or not handle.isascii():
        raise missing
    try:
        boxed = base64.b64decode(handle + "=" * (-len(handle) % 4), altchars=b"-_", validate=True)
        code, row, owner, number = _FORMAT.unpack(_box(settings.SECRET_KEY).decrypt(boxed, None))
    except (binascii.Error, ValueError, InvalidTag, struct.error) as error:
        raise missing from error
    if code != _CODES[kind] or owner != user:
        raise missing
    return Named(row, number)


@lru_cache(maxsize=4)
def _box(secret: str) -> AESSIV:
    key = HKDF(algorithm=SHA256(), length=64, salt=None, info=b"delineate handles").derive(secret.encode())
    return AESSIV(key)
