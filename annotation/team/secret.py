"""Random words that open something: shown once, kept as their SHA-256.

A slow hash would add nothing: 256 random bits cannot be guessed, and the hash must be found by an index.
"""

import hashlib
import secrets

BYTES = 32


def new_secret(prefix: str = "") -> str:
    return prefix + secrets.token_urlsafe(BYTES)


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
