"""Which versions work together."""

import platform

import django
from django.db import connection
from redis.exceptions import RedisError

from annotation import signs
from training.version import VERSION


def versions() -> dict[str, str]:
    """Name → version, for people; a part that does not answer is left out."""
    found = {
        "Delineate": VERSION,
        "Python": platform.python_version(),
        "Django": django.get_version(),
        "Postgres": _postgres(),
    }
    try:
        name, _, number = signs.server_version().partition(" ")
    except RedisError:
        return found
    return found | {name.capitalize(): number}


def _postgres() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0]).split(" ")[0]
