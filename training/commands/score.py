"""python -m training score REF PRED: how well delineations agree, as a table or as JSON."""

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from rich.console import Console
from rich.table import Table

from training.commands.arguments import number_from
from training.labels import IGNORE, LabelError, parse_names
from training.metrics import METRIC_NAME, METRIC_NUMBER, StructureScore, score
from training.pairs import CasePair, Holds, find_cases, read_maps

TOLERANCE_MM = 3.0
FIGURES = (
    "dice",
    "jaccard",
    "surface_dice",
    "hd95_mm",
    "hd_mm",
    "asd_ref_to_pred_mm",
    "asd_pred_to_ref_mm",
    "assd_mm",
    "volume_ref_ml",
    "volume_pred_ml",
)
"""What `--json` prints of each structure; `--all` prints the rest too."""

_COLUMNS = {
    "dice": "Dice",
    "surface_dice": "surface Dice",
    "hd95_mm": "HD95 mm",
    "assd_mm": "ASSD mm",
    "volume_ref_ml": "reference mL",
    "volume_pred_ml": "prediction mL",
}
_MORE_COLUMNS = {
    "jaccard": "Jaccard",
    "precision": "precision",
    "recall": "recall",
    "specificity": "specificity",
    "volume_similarity": "volume similarity",
    "hd_mm": "HD mm",
    "asd_ref_to_pred_mm": "ASD to prediction mm",
    "asd_pred_to_ref_mm": "ASD to reference mm",
    "centre_distance_mm": "centres apart mm",
}
_FILE_WIDTH = 250
_DECIMALS = {"mm": 2, "ml": 1}

Found = dict[str, dict[str, StructureScore]]


@dataclass(frozen=True)
class _Labels:
    """What a table of labels says: names by value, tolerances, and what was looked at in which case."""

    names: Mapping[int, str] | None = None
    tolerances_mm: Mapping[str, float] = field(default_factory=dict)
    annotated: Mapping[str, list[str]] = field(default_factory=dict)


def add(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser("score", help=__doc__, description=_description())
    parser.add_argument("reference", type=Path, metavar="REF", help="the truth: a label map or a folder")
    parser.add_argument("prediction", type=Path, metavar="PRED", help="what is compared with it")
    parser.add_argument(
        "--labels",
        type=Path,
        metavar="FILE",
        help="labels.json or dataset.json with the structures to compare",
    )
    parser.add_argument(
        "--tolerances", type=Path, metavar="FILE", help='tolerance of each surface Dice: {"liver": 3.0} in mm'
    )
    parser.add_argument(
        "--tolerance-mm",
        type=number_from(0),
        default=TOLERANCE_MM,
        metavar="MM",
        help="tolerance of the other structures (%(default)s)",
    )
    parser.add_argument(
        "--folders-hold",
        type=Holds,
        choices=list(Holds),
        help="what the files of a folder are; guessed from their names and voxels without it",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--all", action="store_true", help="Jaccard, precision, recall, HD and the other figures, too"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Compare what the arguments name and print it. Raises VolumeError or LabelError with one sentence."""
    labels = _read_labels(arguments.labels) if arguments.labels else _Labels()
    given = dict(labels.tolerances_mm)
    if arguments.tolerances:
        given |= _tolerances(_read_json(arguments.tolerances), arguments.tolerances.name)
    pairs = find_cases(
        arguments.reference,
        arguments.prediction,
        structures=set((labels.names or {}).values()),
        hints=set(given),
        holds=arguments.folders_hold,
    )
    found: Found = {}
    with Console(stderr=True).status("Comparing …") as status:
        for at, pair in enumerate(pairs, start=1):
            status.update(f"Comparing {pair.case} ({at} of {len(pairs)}) …")
            found[pair.case] = _scores(pair, labels, given, arguments.tolerance_mm)
    if arguments.json:
        _print_json(found, everything=arguments.all)
    else:
        _print_tables(found, everything=arguments.all)


def _scores(
    pair: CasePair, labels: _Labels, tolerances_mm: Mapping[str, float], other_mm: float
) -> dict[str, StructureScore]:
    """Compare one case; of structures that nobody looked at nothing is said."""
    looked_at = labels.annotated.get(pair.case)
    result: dict[str, StructureScore] = {}
    for files in pair.files:
        if files.structure and looked_at is not None and files.structure not in looked_at:
            continue
        maps = read_maps(files, labels.names)
        wanted = {
            value: tolerances_mm.get(name, other_mm)
            for value, name in maps.names.items()
            if looked_at is None or name in looked_at
        }
        scores = score(maps.reference, maps.prediction, maps.spacing_mm, wanted, IGNORE)
        result |= {maps.names[value]: one for value, one in scores.items()}
    return result


def _read_labels(path: Path) -> _Labels:
    content = _read_json(path)
    table = content.get("labels", content)
    if isinstance(table, dict):  # 255 is not looked at, whatever a table calls it
        table = {a: b for a, b in table.items() if str(IGNORE) not in (str(a), str(b))}
    names = parse_names({"labels": table}, path.name)
    annotated = content.get("annotated", {})
    if not isinstance(annotated, dict) or not all(isinstance(keys, list) for keys in annotated.values()):
        raise LabelError(f'{path.name}: "annotated" must list the structures looked at in each case.')
    return _Labels(names, _tolerances(content.get("tolerances_mm", {}), path.name), annotated)


def _tolerances(table: Any, source: str) -> dict[str, float]:
    if not isinstance(table, dict):
        raise LabelError(f"{source} must be a table from structure to millimetres.")
    for name, value in table.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise LabelError(f"{source}: the tolerance of {name} must be a number of millimetres.")
    return {name: float(value) for name, value in table.items()}


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LabelError(f"{path} could not be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise LabelError(f"{path} is not JSON: {error}.") from error
    if not isinstance(content, dict):
        raise LabelError(f'{path} must hold a table such as {{"1": "liver"}}.')
    return content


def _print_json(found: Found, *, everything: bool) -> None:
    cases = []
    for case, rows in found.items():
        structures = {}
        for name, one in rows.items():
            figures = asdict(one)
            more = [key for key in figures if key not in FIGURES] if everything else []
            structures[name] = {key: figures[key] for key in (*FIGURES, *more)}
        cases.append({"case": case, "structures": structures})
    metric = {"name": METRIC_NAME, "version": METRIC_NUMBER}
    sys.stdout.write(json.dumps({"metric": metric, "cases": cases}, allow_nan=False, indent=1) + "\n")


def _print_tables(found: Found, *, everything: bool) -> None:
    columns = _COLUMNS | (_MORE_COLUMNS if everything else {})
    title = f"{METRIC_NAME}, version {METRIC_NUMBER}"
    table = Table("case", "structure", *columns.values(), title=title, caption=_caption(found))
    for case, rows in found.items():
        for name, one in rows.items():
            table.add_row(case, name, *(_shown(key, getattr(one, key)) for key in columns))
    console = Console()
    if not console.is_terminal:
        console.width = _FILE_WIDTH  # nobody's window ends there
    console.print(table)
    if len(found) > 1:
        console.print(_means(found, columns))


def _means(found: Found, columns: Mapping[str, str]) -> Table:
    """Show the mean of each structure over the cases where a figure is there, and in how many it is."""
    table = Table("structure", "cases", "in neither map", *columns.values(), title="Means over cases")
    for name in dict.fromkeys(name for rows in found.values() for name in rows):
        scores = [rows[name] for rows in found.values() if name in rows]
        absent = sum(one.dice is None for one in scores)
        cells = []
        for key in columns:
            values = [value for one in scores if (value := getattr(one, key)) is not None]
            fewer = f" ({len(values)})" if values and len(values) < len(scores) else ""
            cells.append((_shown(key, mean(values)) if values else "n/a") + fewer)
        table.add_row(name, str(len(scores)), str(absent), *cells)
    return table


def _caption(found: Found) -> str | None:
    if all(one.hd_mm is not None for rows in found.values() for one in rows.values()):
        return None
    return (
        "n/a: the structure is in neither map, or, for distances, only in one. Such figures are in no mean."
    )


def _shown(key: str, value: float | None) -> str:
    return "n/a" if value is None else f"{value:.{_DECIMALS.get(key.rsplit('_', 1)[-1], 3)}f}"


def _description() -> str:
    return (
        "Compare REF and PRED: two label maps, two folders of label maps with equal names, two folders of "
        "one mask per structure (NAME.nii.gz; masks may overlap), or of such folders, one per case."
    )
