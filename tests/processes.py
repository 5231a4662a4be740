"""Processes of the product beside the test, on the test's own database and broker."""

import os
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]


def environment(**changes: str) -> dict[str, str]:
    """What another process needs to work on the test's database, store and broker."""
    address = connection.settings_dict
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**address)
    own = {
        "DJANGO_SETTINGS_MODULE": "backend.settings",
        "DATABASE_URL": url,
        "DELINEATE_STORE": str(settings.STORE_ROOT),
        "DELINEATE_WORK": str(settings.WORK_ROOT),
        "PYTHONPATH": str(ROOT),
    }
    return os.environ | own | changes
