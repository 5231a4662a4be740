"""What is known of a model: its card, and its folder as a file that `python -m training predict` runs."""

import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from annotation import store
from annotation.errors import NotFound
from annotation.learning.comparisons import BeforeAfter, before_and_after, names_of
from annotation.learning.tolerances import tolerances_of
from annotation.models import DeletedItem, Model, ModelDecision, ModelScore, SnapshotItem, SnapshotUse
from training.raters import Estimate, Group, mean_of_groups

MEASURES = ("dice", "surface_dice")
NOT_FOR_CARE = "For research and for pre-annotation that a person checks; not for care of patients."
NETWORK_FILE = "network.pt"
"""The network alone, as TorchScript; it has a download of its own and is no part of the folder's."""
_WITHIN = (0.0, 1.0)
_PIECE = 1024**2


@dataclass(frozen=True)
class StructureCard:
    """A structure that the model draws, and what it reached; both None where it was scored on no case.

    `tolerance_mm`: where its surface Dice was measured; None where that was at several, which are not pooled.
    """

    key: str
    name: str
    dice: Estimate
    surface_dice: Estimate
    tolerance_mm: float | None


@dataclass(frozen=True)
class Card:
    """Everything that there is to say of a model. `cases`: of its frozen set by use, numbers of cases."""

    model: Model
    structures: tuple[StructureCard, ...]
    cases: Mapping[str, int]
    train_numbers: tuple[int, ...]
    test_cases: int
    decisions: tuple[ModelDecision, ...]
    change: BeforeAfter | None = None

    @property
    def has_network_file(self) -> bool:
        """Whether the network lies in the store as one file that other programs run."""
        return store.exists(network_key(self.model.store_key))

    @property
    def network(self) -> str:
        return str(self.model.plan.get("network", ""))

    @property
    def notes(self) -> str:
        return self.model.notes or NOT_FOR_CARE


def structures_known(model: Model) -> list[str]:
    """Keys of what the model draws."""
    channels = model.plan.get("channels", [])
    return model.structures or [key for key in channels if not str(key).startswith("background:")]


def card_of(model: Model) -> Card:
    """A handful of queries, however many cases there are."""
    values = _scores(model)
    measured_mm = _tolerances(model)
    names = names_of(model.project)
    keys = list(dict.fromkeys([*structures_known(model), *values]))
    items = SnapshotItem.objects.filter(snapshot=None if model.run is None else model.run.snapshot_id)
    trained = items.filter(use=SnapshotUse.TRAIN).order_by("case__number")
    counted = Counter(items.order_by().values_list("use", flat=True))
    counted.update(_deleted(model).values_list("use", flat=True))
    return Card(
        model=model,
        structures=tuple(
            _structure(key, names.get(key, key), values.get(key, {}), measured_mm.get(key, set()))
            for key in keys
        ),
        cases={use: counted[use] for use in SnapshotUse.values},
        train_numbers=tuple(trained.values_list("case__number", flat=True)),
        test_cases=_measured(model).values("case").distinct().count(),
        decisions=tuple(model.decisions.select_related("instead_of", "by")),
        change=_change(model, keys),
    )


def _deleted(model: Model) -> QuerySet[DeletedItem]:
    """What stands in its frozen set for cases whose patients were deleted since."""
    return DeletedItem.objects.filter(snapshot=None if model.run is None else model.run.snapshot_id)


def _change(model: Model, keys: Sequence[str]) -> BeforeAfter | None:
    """Before and after, the structures in the card's order."""
    found = before_and_after(model)
    if found is None:
        return None
    return replace(found, changes=tuple(sorted(found.changes, key=lambda one: keys.index(one.key))))


def describe(*, model: Model, licence: str | None = None, notes: str | None = None) -> Model:
    """Change what people wrote of a model; None = as it is."""
    if licence is not None:
        model.licence = licence.strip()
    if notes is not None:
        model.notes = notes.strip()
    model.save(update_fields=["licence", "notes"])
    return model


def download(model: Model) -> Iterator[bytes]:
    """The model's folder as a zip, piece by piece: nothing is gathered in memory or on the disk.

    Raises NotFound at once where the folder is not in the store.
    """
    if not store.exists(model.store_key):
        raise NotFound(f"The folder of model {model.version} is not in the store any more.")
    return _pieces(model)


def network_key(store_key: str) -> str:
    """Where a model's network lies as one file."""
    return f"{store_key}/{NETWORK_FILE}"


def download_network(model: Model) -> Iterator[bytes]:
    """The model's network as one TorchScript file, piece by piece. Raises NotFound where there is none."""
    if not store.exists(network_key(model.store_key)):
        raise NotFound(
            f"Model {model.version} was not written as one file. Download its folder: "
            "python -m training export writes the file from it."
        )
    return _network(model)


def _network(model: Model) -> Iterator[bytes]:
    with store.open(network_key(model.store_key)) as file:
        while piece := file.read(_PIECE):
            yield piece


def _pieces(model: Model) -> Iterator[bytes]:
    card = card_of(model)
    name = f"model-{model.version}"
    texts = {
        "plan.json": json.dumps(model.plan, indent=1),
        "card.json": json.dumps(_as_json(card), indent=1),
        "card.md": as_markdown(card),
    }
    sink = _Sink()
    with (
        store.local_path(model.store_key) as folder,
        zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as packed,
    ):
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            inside = path.relative_to(folder).as_posix()
            if inside not in texts and inside != NETWORK_FILE:
                yield from _packed(packed, sink, f"{name}/{inside}", path)
        for inside, text in texts.items():
            packed.writestr(zipfile.ZipInfo(f"{name}/{inside}", timezone.now().timetuple()[:6]), text)
            yield sink.taken()
    yield sink.taken()


def as_markdown(card: Card) -> str:
    """The card as text, for people."""
    model = card.model
    rows = [
        f"| {one.name} | {_figure(one.dice)} | {_figure(one.surface_dice)} | {_mm(one)} "
        f"| {one.dice.counts.values} |"
        for one in card.structures
    ]
    history = [
        f"- {decision.at:%Y-%m-%d}: {decision.get_verdict_display()}. {decision.reason}"
        for decision in card.decisions
    ]
    return "\n".join(
        [
            f"# Model {model.version} of {model.project.name}",
            "",
            f"{_origin(card)} Network: {card.network}. Weights: SHA-256 {model.weights_sha256}.",
            "",
            f"Licence: {model.licence or 'none given'}.",
            "",
            card.notes,
            "",
            f"## Scores on {card.test_cases} frozen test cases ({model.metric_version or 'no metric'})",
            "Means over cases with 95 % intervals.",
            "",
            "| structure | Dice | surface Dice | at | n |",
            "|---|---|---|---|---|",
            *rows,
            "",
            *_changes(card),
            "## Decisions",
            *(history or ["None."]),
            "",
            "## Use",
            "    python -m training predict THIS-FOLDER IMAGES OUT",
            "",
        ]
    )


def _changes(card: Card) -> list[str]:
    """Before and after the fine-tuning, where the model started from another."""
    found = card.change
    if found is None or not found.changes:
        return []
    names = {one.key: one.name for one in card.structures}
    rows = [
        f"| {names.get(one.key, one.key)} | {one.before:.3f} | {one.after:.3f} "
        f"| {one.difference.mean:+.3f} ({one.difference.low:+.3f}…{one.difference.high:+.3f}) |"
        for one in found.changes
    ]
    return [
        f"## Before and after: model {found.parent.version} on the same {found.cases} test cases",
        "",
        "| structure | Dice before | Dice after | difference (95 % interval) |",
        "|---|---|---|---|",
        *rows,
        "",
    ]


def _origin(card: Card) -> str:
    if card.model.run is None:
        return "Imported."
    frozen = card.model.run.snapshot.sha256 or "without a sum"
    return f"Trained on {card.cases['train']} accepted cases (frozen set {frozen})."


def _as_json(card: Card) -> dict[str, Any]:
    """What an import reads of it: nothing names a case or a person."""
    model = card.model
    return {
        "version": model.version,
        "network": card.network,
        "licence": model.licence,
        "notes": card.notes,
        "structures": [one.key for one in card.structures],
        "train_cases": card.cases["train"],
        "weights_sha256": model.weights_sha256,
        "metric_version": model.metric_version,
        "dice": {one.key: one.dice.estimate for one in card.structures},
    }


def _measured(model: Model) -> Any:
    """Scores on the frozen cases of the model's own run; later ones serve the gate. Of an import, all."""
    scores = ModelScore.objects.filter(model=model)
    if model.run is None:
        return scores
    own = SnapshotItem.objects.filter(snapshot=model.run.snapshot_id)
    return scores.filter(revision__in=own.values("revision"))


def _scores(model: Model) -> dict[str, dict[str, list[float]]]:
    values: dict[str, dict[str, list[float]]] = {}
    for key, *figures in _measured(model).order_by("pk").values_list("structure", *MEASURES):
        of_key = values.setdefault(key, {measure: [] for measure in MEASURES})
        for measure, figure in zip(MEASURES, figures, strict=True):
            if figure is not None:
                of_key[measure].append(figure)
    return values


def _tolerances(model: Model) -> dict[str, set[float | None]]:
    """Where the surface Dice of each structure was measured."""
    tolerances = tolerances_of(model.project_id)
    found: dict[str, set[float | None]] = {}
    for key, mm in _measured(model).order_by().values_list("structure", "tolerance_mm").distinct():
        found.setdefault(key, set()).add(tolerances.of(key, mm))
    return found


def _structure(
    key: str, name: str, values: Mapping[str, list[float]], measured_mm: set[float | None]
) -> StructureCard:
    one = next(iter(measured_mm)) if len(measured_mm) == 1 else None
    surface = [] if len(measured_mm) > 1 else values.get("surface_dice", [])
    return StructureCard(key, name, _mean(values.get("dice", [])), _mean(surface), one)


def _mean(values: list[float]) -> Estimate:
    groups = []
    if values:
        total, squares = sum(values), sum(value**2 for value in values)
        groups = [Group.of_sums(len(values), total, squares)]
    return mean_of_groups(groups, _WITHIN)


def _figure(found: Estimate) -> str:
    if found.estimate is None:
        return "—"
    if found.low is None or found.high is None:
        return f"{found.estimate:.3f}"
    return f"{found.estimate:.3f} ({found.low:.3f}–{found.high:.3f})"


def _mm(one: StructureCard) -> str:
    return "—" if one.tolerance_mm is None else f"{one.tolerance_mm:g} mm"


class _Sink:
    """What a zip is written to: it cannot go back, and gives away what it holds."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._at = 0

    def write(self, data: bytes) -> int:
        self._held += data
        self._at += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits anywhere."""

    def close(self) -> None:
        """There is nothing to close."""

    def taken(self) -> bytes:
        held, self._held = bytes(self._held), bytearray()
        return held


def _packed(packed: zipfile.ZipFile, sink: _Sink, name: str, path: Path) -> Iterator[bytes]:
    info = zipfile.ZipInfo(name, timezone.now().timetuple()[:6])
    info.file_size = path.stat().st_size
    with path.open("rb") as file, packed.open(info, "w", force_zip64=info.file_size > 2**31) as target:
        while piece := file.read(_PIECE):
            target.write(piece)
            yield sink.taken()
