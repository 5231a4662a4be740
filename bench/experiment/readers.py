"""Simulated readers: they know the truth, correct what they are given to it, and hand it in."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from bench.experiment.scans import Scans, Truth
from bench.person import Labels, Person, edits_between, read_mask
from training.metrics import StructureScore, score


@dataclass(frozen=True)
class Effort:
    """What one case cost: from what it started, and how far that was from the truth.

    `voxels` were changed; `dice` and `surface_dice` are means over the structures that were drawn, of the
    start against the truth, so 1 − surface Dice is the share of the surface to be redrawn.
    """

    case: str
    start: str
    model: int | None
    voxels: int
    dice: float
    surface_dice: float
    bytes_sent: int


@dataclass(frozen=True)
class Team:
    """Two annotators who take turns, one reviewer and the lead, in one project."""

    annotators: tuple[Person, ...]
    reviewer: Person
    lead: Person
    project: int

    def read_one(self, turn: int, scans: Scans) -> Effort | None:
        """Correct the next case and have it accepted. None: there is none."""
        reader = self.annotators[turn % len(self.annotators)]
        wanted = {"project": self.project, "role": "annotate"}
        number = reader.send("/api/worklist/next/", wanted)["assignment"]
        if number is None:
            return None
        known = self.lead.get(f"/api/assignments/{number}/")
        effort = _correct(reader, number, known, scans)
        self._accept()
        return effort

    def _accept(self) -> None:
        wanted = {"project": self.project, "role": "review"}
        number = self.reviewer.send("/api/worklist/next/", wanted)["assignment"]
        head = self.reviewer.get(f"/api/assignments/{number}/")["mask"]["head"]
        verdict = {"verdict": "accept", "comment": "", "revision": head}
        self.reviewer.send(f"/api/assignments/{number}/verdict/", verdict)


def _correct(reader: Person, number: int, known: Mapping[str, Any], scans: Scans) -> Effort:
    read = reader.get(f"/api/assignments/{number}/")
    name = known["case"]["name"]
    truth = scans.pool[name]()
    before = read_mask(reader, read["mask"], read["volume"]["shape"])
    after = _wanted(before, truth)
    head = read["mask"]["head"]
    edits = edits_between(before, after)
    if np.any(before != after):
        meta = {"base_revision": head, "key": str(uuid.uuid4()), "session": None, "events": []}
        head = reader.save(number, meta, edits)["revision"]
    left_out = [s["key"] for s in read["structures"] if s["value"] in truth.undrawn]
    reader.send(f"/api/assignments/{number}/submit/", {"revision": head, "not_looked_at": left_out})
    dice, surface = _agreement(truth, before, scans)
    changed = int(np.count_nonzero(before != after))
    return Effort(name, read["start_from"], known["model_version"], changed, dice, surface, len(edits))


def _wanted(before: Labels, truth: Truth) -> Labels:
    """The truth; of structures that nobody drew, what was there already."""
    keep = (truth.labels == 0) & np.isin(before, sorted(truth.undrawn))
    return np.where(keep, before, truth.labels).astype(np.uint8)


def _agreement(truth: Truth, start: Labels, scans: Scans) -> tuple[float, float]:
    asked = {s.value: s.tolerance_mm for s in scans.structures if s.value not in truth.undrawn}
    found = score(truth.labels, start, truth.image.geometry.spacing_mm, asked)
    return _mean(found, "dice"), _mean(found, "surface_dice")


def _mean(found: Mapping[int, StructureScore], what: str) -> float:
    values = [value for value in (getattr(one, what) for one in found.values()) if value is not None]
    return fmean(values) if values else 0.0
