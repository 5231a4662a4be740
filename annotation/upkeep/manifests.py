"""What a backup says of itself, and where its parts lie.

FOLDER/store/KEY …               bytes of the store: written once, shared by all backups of the folder
FOLDER/2026-03-01T02-00-00Z/     one backup: database.dump, manifest.json
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from annotation.errors import Refused
from annotation.store import Sum
from annotation.upkeep.digests import Digest

FORMAT = 1
DUMP, MANIFEST, STORE, PARTIAL = "database.dump", "manifest.json", "store", ".partial"


@dataclass(frozen=True)
class Backup:
    """One backup. `files`: sum by key; `tables`: what each held; `migrations`: the applied ones of each app.

    `lacking`: keys that rows named, but whose bytes were not in the store when it was taken.
    """

    stamp: str
    version: str
    postgres: int
    secret: str
    migrations: Mapping[str, list[str]]
    dump: Sum
    tables: Mapping[str, Digest]
    files: Mapping[str, Sum]
    lacking: list[str]

    @property
    def bytes(self) -> int:
        return self.dump.bytes + sum(one.bytes for one in self.files.values())


def write_manifest(backup: Backup, folder: Path) -> None:
    content = {"format": FORMAT, **asdict(backup)}
    (folder / MANIFEST).write_text(json.dumps(content, indent=1), encoding="utf-8")


def read_manifest(folder: Path) -> Backup:
    """Read the manifest of one backup. Raises Refused where it is none of this program."""
    try:
        content: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if content.pop("format") != FORMAT:
            raise Refused(f"The backup {folder.name} was written by a newer version of this program.")
        content["dump"] = Sum(**content["dump"])
        content["tables"] = {name: Digest(**one) for name, one in content["tables"].items()}
        content["files"] = {key: Sum(**one) for key, one in content["files"].items()}
        return Backup(**content)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refused(f"{folder.name} holds no backup that can be read: its manifest is damaged.") from error


def backups_in(folder: Path) -> list[Backup]:
    """All finished backups of a folder, the newest first."""
    found = sorted((path.parent for path in folder.glob(f"*/{MANIFEST}")), reverse=True)
    return [read_manifest(one) for one in found if not one.name.endswith(PARTIAL)]


def chosen(folder: Path, stamp: str = "") -> Backup:
    """The backup of that stamp, or the newest. Raises Refused where there is none."""
    found = [one for one in backups_in(folder) if stamp in ("", one.stamp)]
    if not found:
        raise Refused(
            f"There is no backup {stamp} in this folder." if stamp else "There is no backup in this folder."
        )
    return found[0]


def secret_mark() -> str:
    """What tells whether two installations have the same SECRET_KEY, and nothing about it."""
    return hashlib.sha256(b"delineate backup " + str(settings.SECRET_KEY).encode()).hexdigest()[:16]
