"""Where the store's bytes lie: a folder of this machine, or a bucket that speaks S3 (AWS, MinIO, Ceph …)."""

from pathlib import Path
from typing import Any


def backend(
    *, folder: Path, bucket: str, endpoint: str, access_key: str, secret_key: str, region: str
) -> dict[str, Any]:
    """An entry of Django's STORAGES: without a bucket the folder, without keys the machine's role."""
    if not bucket:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(folder)},
        }
    return {
        "BACKEND": "backend.bucket.Bucket",
        "OPTIONS": {
            "bucket_name": bucket,
            "endpoint_url": endpoint or None,
            "access_key": access_key or None,
            "secret_key": secret_key or None,
            "region_name": region,
            "file_overwrite": False,  # a key is written once
            "gzip": False,  # bytes come back as they were given
        },
    }
