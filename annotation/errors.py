"""What a use case raises when it will not do something: a status, and one sentence for a person."""

from typing import Any


class Refused(Exception):
    """The request cannot be carried out as asked; `sentence` says what is wrong and what to do."""

    status = 400

    def __init__(self, sentence: str, **extra: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.extra = extra


class Forbidden(Refused):
    """The user may see the object, but not do this with it."""

    status = 403


class NotFound(Refused):
    """There is no such object, or the user may not know that there is."""

    status = 404


class Conflict(Refused):
    """The request was right once: somebody or something was faster."""

    status = 409


class TooLarge(Refused):
    """More bytes, voxels or files than the limits allow."""

    status = 413


class StoreFailed(Exception):
    """The store did not keep or give bytes: no fault of the request, and nothing of it was stored."""

    status = 503

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class StoreFull(StoreFailed):
    """There is no room left for bytes."""

    status = 507
