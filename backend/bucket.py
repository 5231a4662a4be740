"""A bucket that speaks S3; in a module of its own, because importing the client takes its time."""

from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from storages.backends.s3 import S3Storage

ANSWER_SECONDS = 20  # that the server gets: then the request is told that the store is out of order
ATTEMPTS = 3


class Bucket(S3Storage):  # type: ignore[misc]  # is untyped
    """Short waits, and the calling thread alone: a web process has threads enough."""

    def __init__(self, **options: Any) -> None:
        own_server = bool(options.get("endpoint_url"))
        client = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if own_server else "auto"},  # an own server has no name per bucket
            connect_timeout=ANSWER_SECONDS,
            read_timeout=ANSWER_SECONDS,
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        )
        super().__init__(client_config=client, transfer_config=TransferConfig(use_threads=False), **options)
