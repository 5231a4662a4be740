"""Sets of structures that are in use elsewhere, numbered as there: the n-th structure has the value n."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from annotation.errors import Refused

PRESETS = Path(__file__).with_name("presets.json")


@dataclass(frozen=True)
class Preset:
    """A set and where it comes from; `structures` are keys of the catalogue, in the order of their values."""

    key: str
    name: str
    about: str
    source: str
    url: str
    structures: tuple[str, ...]

    @property
    def values(self) -> Mapping[str, int]:
        """Value of each structure's key."""
        return {key: value for value, key in enumerate(self.structures, start=1)}


@cache
def presets() -> tuple[Preset, ...]:
    read = json.loads(PRESETS.read_text(encoding="utf-8"))
    return tuple(Preset(**{**one, "structures": tuple(one["structures"])}) for one in read)


def preset_named(key: str) -> Preset:
    """Raises Refused where there is none."""
    found = next((preset for preset in presets() if preset.key == key), None)
    if found is None:
        known = ", ".join(preset.key for preset in presets())
        raise Refused(f"There is no preset called {key}. Choose one of {known}.")
    return found
