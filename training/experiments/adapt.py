"""A model of one site fine-tuned to another, and measured before and after on both.

The model's structures stay what they are: what the new site calls them may differ, what it draws besides is
refused or left out, what it does not draw is not annotated there. Whether the model forgets is seen on test
cases of the first site, which it was never trained on; some of that site's training cases may be rehearsed.
Differences are paired by case (`training.compare`): 95 % intervals of a bootstrap over cases.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.compare import Difference, compare
from training.experiments.figures import Scores, structure_means
from training.experiments.trial import Recipe, Trial, write_json
from training.labels import IGNORE, StructureSpec
from training.manifest import Case, CaseScore, Manifest
from training.metrics import METRIC_VERSION
from training.model import open_model, read_description
from training.networks import build, freeze_encoder
from training.predict import OWN_COARSE, Predictor
from training.progress import Cancelled, OnProgress, Progress, ShouldStop, TrainingError
from training.run import score_case
from training.stages import sample_of

NEW, FIRST = "new", "first"
_MEASURES = ("dice", "surface_dice")


@dataclass(frozen=True)
class Site:
    """Where scans come from: those to train on (of the first site: to rehearse) and those to measure on."""

    train: tuple[Case, ...] = ()
    test: tuple[Case, ...] = ()


@dataclass(frozen=True)
class Words:
    """How a data set's structures are called by the model: `names` from theirs to ours, and what to drop."""

    names: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def translated(
    theirs: Sequence[StructureSpec], ours: Sequence[StructureSpec], words: Words, source: str
) -> dict[str, StructureSpec]:
    """Return the model's structure for each key of a data set. Raises TrainingError with one sentence."""
    keys = {spec.key for spec in theirs}
    strange = [key for key in (*words.names, *words.left_out) if key not in keys]
    if strange:
        raise TrainingError(f"{source} draws no {strange[0]}; it draws {', '.join(sorted(keys))}.")
    known = {spec.key: spec for spec in ours}
    asked = {key: words.names.get(key, key) for key in sorted(keys - set(words.left_out))}
    unknown = [key for key, name in asked.items() if name not in known]
    if unknown:
        raise TrainingError(
            f"{source} draws {', '.join(unknown)}, which the model does not know (it knows "
            f"{', '.join(known)}); say with --names what it is called there, or --leave-out."
        )
    if len(set(asked.values())) < len(asked):
        raise TrainingError(f"Two structures of {source} would be the same one of the model.")
    if not asked:
        raise TrainingError(f"Nothing that {source} draws is left.")
    return {key: known[name] for key, name in asked.items()}


def as_the_model_draws(
    case: Case,
    theirs: Sequence[StructureSpec],
    to: Mapping[str, StructureSpec],
    layers: int,
    folder: Path,
) -> Case:
    """Return a converted case with the model's layers and values, in a label file below `folder`.

    What is left out becomes background, as it is for the model.
    """
    tables = np.zeros((layers, 256), np.uint8)
    tables[:, IGNORE] = IGNORE
    for spec in theirs:
        if spec.key in to:
            tables[to[spec.key].layer, spec.value] = to[spec.key].value
    annotated = tuple(to[key].key for key in case.annotated if key in to)
    stat = case.labels.stat()
    what = hashlib.sha256(f"{case.labels} {stat.st_size} {stat.st_mtime_ns}".encode() + tables.tobytes())
    path = folder / f"{case.id}-{what.hexdigest()[:16]}.npy"
    if not path.is_file():
        labels = np.load(case.labels)[0]
        _save(path, np.stack([table[labels] for table in tables]))
    return replace(case, labels=path, annotated=annotated)


def unseen(cases: Sequence[Any], model: Path) -> list[Any]:
    """Return those of the cases (anything with an `id`) that the model was not trained on."""
    trained = {str(name) for name in read_description(model).get("train_cases", [])}
    trained |= {name.removeprefix(f"{FIRST}/") for name in trained}
    return [case for case in cases if case.id not in trained]


def of_the_first(case: Case) -> Case:
    """Return the case under a name that tells it from one of the new site."""
    return replace(case, id=f"{FIRST}/{case.id}")


@dataclass(frozen=True)
class Options:
    """How the model is fine-tuned."""

    recipe: Recipe
    seed: int = 0
    frozen_encoder: bool = False
    modality: str = "CT"


def adaptation(model: Path, sites: Mapping[str, Site], options: Options) -> Trial:
    """Return the run that fine-tunes `model` to the new site. Raises TrainingError with one sentence."""
    plan, structures = open_model(model)
    if options.frozen_encoder:
        freeze_encoder(build(plan, seed=0), plan)  # says so at once where there is no encoder to freeze
    new, first = sites[NEW], sites.get(FIRST, Site())
    if not new.test:
        raise TrainingError("There is no test case at the new site to measure the model on.")
    about = {"frozen_encoder": options.frozen_encoder, "rehearsed": len(first.train)}
    manifest = Manifest(
        structures=structures,
        train=(*new.train, *first.train),
        test=(*new.test, *first.test),
        parent=model,
        budget_s=options.recipe.budget_s,
        seed=options.seed,
        modality=options.modality,
        frozen_encoder=options.frozen_encoder,
        members=1 + len(read_description(model).get("members", {})),
    )
    return Trial("adapted", about, manifest, replace(options.recipe, network=plan.network))


def scores_before(
    model: Path, trial: Trial, path: Path, *, on_progress: OnProgress, should_stop: ShouldStop
) -> tuple[CaseScore, ...]:
    """Return what the model reaches before: kept in `path`, so that it is worked out once.

    Like the fine-tuned model it looks without its model of low resolution.
    """
    cases, structures = trial.manifest.test, trial.manifest.structures
    identity = _identity(model, trial)
    kept = _kept(path, identity)
    if kept is not None:
        return kept
    predictor = Predictor.load(model)
    scores: list[CaseScore] = []
    for done, case in enumerate(cases):
        if should_stop():
            raise Cancelled
        on_progress(Progress("before", done, len(cases), "Measuring the model as it is"))
        sample = sample_of(case, structures)
        found = predictor.predict(sample.image, sample.spacing_mm, should_stop=should_stop)
        scores += score_case(case, found.labels, structures)
    on_progress(Progress("before", len(cases), len(cases), "Measuring the model as it is"))
    write_json(path, {"identity": identity, "scores": [asdict(score) for score in scores]})
    return tuple(scores)


def before_and_after(
    sites: Mapping[str, Site], before: Sequence[CaseScore], after: Sequence[CaseScore], seed: int = 0
) -> dict[str, Any]:
    """Return for each site and both measures what was reached before and after, and the paired differences.

    Means are over the cases in which a structure could be scored both times, and over structures alike.
    """
    found = {}
    for name, site in sites.items():
        tests = {case.id for case in site.test}
        old, now = (_by_key(scores, tests) for scores in (before, after))
        found[name] = {"train": [case.id for case in site.train], "test": [case.id for case in site.test]} | {
            measure: _measure(_values(old, measure), _values(now, measure), seed) for measure in _MEASURES
        }
    return found


def notes_of(sites: Mapping[str, Any], model: Path) -> list[str]:
    """Return what the reader should know, in sentences."""
    notes = []
    if FIRST in sites:
        lost = sorted({key for measure in _MEASURES for key in sites[FIRST][measure]["clearly_worse"]})
        notes.append(
            f"Clearly worse at the first site than before: {', '.join(lost)}. --rehearse mixes cases of that "
            "site in, --frozen-encoder changes less."
            if lost
            else "Nothing is clearly worse at the first site than before."
        )
    else:
        notes.append("Without --first nothing says what the model forgot of the site that it came from.")
    if (model / OWN_COARSE).is_dir():
        notes.append("The model of low resolution was left as it is: the fine-tuned folder holds none.")
    return notes


def _by_key(scores: Sequence[CaseScore], tests: set[str]) -> dict[tuple[str, str], CaseScore]:
    return {(one.case_id, one.structure): one for one in scores if one.case_id in tests}


def _values(scores: Mapping[tuple[str, str], CaseScore], measure: str) -> dict[tuple[str, str], float | None]:
    return {key: getattr(score, measure) for key, score in scores.items()}


def _measure(before: Scores, after: Scores, seed: int) -> dict[str, Any]:
    both = [key for key in before if before[key] is not None and after.get(key) is not None]
    means = [structure_means({key: scores[key] for key in both}) for scores in (before, after)]
    compared = compare(after, before, seed=seed)
    structures = {
        key: {"before": means[0][key], "after": means[1][key], **_figures(difference)}
        for key, difference in compared.structures.items()
    }
    overall = [mean(table.values()) if table else None for table in means]
    total = None if compared.overall is None else _figures(compared.overall)
    return {
        "overall": {"before": overall[0], "after": overall[1], **(total or {})},
        "structures": structures,
        "clearly_worse": list(compared.worse),
        "scores": [
            {"case": case, "structure": structure, "before": before[case, structure], "after": value}
            for (case, structure), value in after.items()
        ],
    }


def _figures(difference: Difference) -> dict[str, Any]:
    found = asdict(difference)
    return {"difference": found.pop("mean"), **found}


def _identity(model: Path, trial: Trial) -> str:
    description = read_description(model)
    cases = [(c.id, c.spacing_mm, c.annotated, c.labels.name) for c in trial.manifest.test]
    members = description.get("members", {})
    structures = [asdict(s) for s in trial.manifest.structures]
    what = [description["weights_sha256"], members, structures, cases, METRIC_VERSION]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def _kept(path: Path, identity: str) -> tuple[CaseScore, ...] | None:
    try:
        content = json.loads(path.read_text())
        scores = tuple(CaseScore(**score) for score in content["scores"])
        return scores if content["identity"] == identity else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _save(path: Path, labels: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}")
    np.save(unfinished, labels)
    unfinished.replace(path)
