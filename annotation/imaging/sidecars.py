"""Names of label values from the JSON files that lie beside label maps."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from annotation.errors import Refused
from annotation.imaging import naming
from training.labels import HIGHEST_VALUE, LabelError, parse_names

_STANDARD = ("labels.json", "dataset.json")
_LONGEST_NAME = 200
_LONGEST_BYTES = 8 * 1024**2
_CASE_KEYS = ("case", "case_id", "id", "name")


@dataclass(frozen=True)
class Names:
    """Which value of a label map stands for which structure, and which were not drawn in this case.

    `regions` are nnU-Net's: structures that are several values each and may share them; `by_value` then says
    which structures a value is part of.
    """

    source: str
    by_value: dict[int, str]
    not_drawn: frozenset[str] = frozenset()
    regions: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def check(self, values: Iterable[int], file: str) -> None:
        """Raise Refused when a value of `file` has no name."""
        for value in values:
            if value not in self.by_value:
                raise Refused(
                    f"{file} holds the value {value}, which has no name: write "
                    f'"{value}": "name of the structure" into {self.source}.'
                )


@dataclass(frozen=True)
class Sidecars:
    """The JSON files of a folder tree, read once."""

    root: Path
    _read: dict[Path, dict[str, Any]] = field(default_factory=dict)

    def suffixes(self, folders: list[Path]) -> frozenset[str]:
        """Return the ends of label maps' names that the files speak of: `oar` where there is `oar_labels`."""
        found: set[str] = set()
        for folder in folders:
            for content in self._contents(folder).values():
                keys = content if isinstance(content, dict) else ()
                found.update(key.removesuffix("_labels").lower() for key in keys if key.endswith("_labels"))
        return frozenset(found - {""})

    def names_for(self, path: Path, case_stem: str) -> Names | None:
        """Return the names for a label map from the nearest folder that has some; None: there are none.

        A table for this kind of label map (`oar_labels`) goes before labels.json and dataset.json, and these
        before any other JSON file. Raises Refused when labels.json or dataset.json cannot be used.
        """
        suffix = naming.label_suffix(PurePosixPath(path.name))
        for folder in self.upwards(path.parent):
            contents = self._contents(folder)
            for source, content in contents.items():
                if isinstance(content, dict) and f"{suffix}_labels" in content:
                    return self._names(content, source, case_stem, suffix)
            for source in [s for s in _STANDARD if s in contents]:
                return self._names(contents[source], source, case_stem, "")
            for source, content in contents.items():
                try:
                    return self._names(content, source, case_stem, "")
                except Refused:
                    continue  # a JSON file about something else
        return None

    def _names(self, content: Any, source: str, case_stem: str, suffix: str) -> Names:
        if isinstance(content, LabelError):
            raise Refused(str(content))
        table = content[f"{suffix}_labels"] if suffix else content
        not_drawn = _not_drawn(content, case_stem, f"{suffix}_not_drawn".lstrip("_"))
        try:
            regions = _regions(table, source)
            names = _shared(regions) if regions else parse_names(table, source)
        except LabelError as error:
            raise Refused(str(error)) from error
        return Names(source, names, not_drawn, regions)

    def upwards(self, folder: Path) -> Iterator[Path]:
        """Return a folder and those above it, up to the root."""
        while folder != self.root and folder.is_relative_to(self.root):
            yield folder
            folder = folder.parent
        yield self.root

    def _contents(self, folder: Path) -> dict[str, Any]:
        if folder not in self._read:
            files = sorted(path for path in folder.glob("*.json") if path.is_file())
            self._read[folder] = {path.name: _load(path) for path in files}
        return self._read[folder]


def _load(path: Path) -> Any:
    """Return a JSON file's content, or the LabelError that says why there is none."""
    try:
        if path.stat().st_size > _LONGEST_BYTES:
            return LabelError(f"{path.name} is too large for a table of label names.")
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return LabelError(f"{path.name} is not valid JSON.")


def _regions(content: Any, source: str) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return the structures of a table in which some are several values; nothing for any other table.

    Raises LabelError.
    """
    table = content.get("labels", content) if isinstance(content, dict) else None
    if not isinstance(table, dict) or not any(isinstance(one, list) for one in table.values()):
        return ()
    found = []
    for name, given in table.items():
        values = given if isinstance(given, list) else [given]
        if not values or not all(type(one) is int and 0 <= one <= HIGHEST_VALUE for one in values):
            raise LabelError(
                f"{source} gives {name[:60]!r} no values from 0 to {HIGHEST_VALUE}; a region is a list."
            )
        if set(values) != {0}:
            found.append((name.strip(), tuple(sorted(set(values)))))
    if not all(0 < len(name) <= _LONGEST_NAME for name, _ in found):
        raise LabelError(f"{source} has an entry without a usable name.")
    return tuple(found)


def _shared(regions: Iterable[tuple[str, tuple[int, ...]]]) -> dict[int, str]:
    """Return by value the names of the regions that it is part of."""
    names: dict[int, list[str]] = {}
    for name, values in regions:
        for value in values:
            names.setdefault(value, []).append(name)
    return {value: " + ".join(of) for value, of in sorted(names.items()) if value}


def _not_drawn(content: Any, case_stem: str, key: str) -> frozenset[str]:
    """Return the structures that the entry of this case lists under `key`."""
    if not isinstance(content, dict):
        return frozenset()
    for entries in content.values():
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict) and case_stem in [entry.get(k) for k in _CASE_KEYS]:
                listed = entry.get(key, [])
                return frozenset(str(name) for name in listed) if isinstance(listed, list) else frozenset()
    return frozenset()


def table_in(path: Path) -> dict[int, str]:
    """Return the names of label values in a JSON file. Raises Refused where it holds no such table."""
    content = _load(path)
    if isinstance(content, LabelError):
        raise Refused(str(content))
    try:
        return parse_names(content, path.name)
    except LabelError as error:
        raise Refused(str(error)) from error
