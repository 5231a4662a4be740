"""The scans of a public data set, found by its layout: which files are a case, and what was drawn on it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from annotation.errors import Refused
from annotation.imaging.findings import Mark, cause_of
from annotation.imaging.folder import series_in
from annotation.imaging.sandbox import Decoder
from annotation.imaging.scans import DrawnFile, Labels, Scan, Survey
from annotation.models import Split
from annotation.recipes import Form, FoundCase, Recipe, cases_of
from annotation.recipes.applying import plain
from annotation.recipes.layouts import files_of, natural


def survey_of(recipe: Recipe, folder: Path, decoder: Decoder) -> tuple[Survey, dict[tuple[Path, ...], str]]:
    """Return the scans of a data set, and by their files what the data set calls each case."""
    found = cases_of(recipe, folder)
    result = Survey()
    series = series_in(folder, decoder)[1] if any(_is_dicom(case) for case in found) else []
    called: dict[tuple[Path, ...], str] = {}
    for case in found:
        try:
            scan = _scan(recipe, case, series, decoder)
        except Refused as refused:
            result.refuse(_shown(case, _name(recipe, case)), cause_of(refused), refused.sentence)
            continue
        result.scans.append(scan)
        called[scan.files] = case.case
    _note_left_out(recipe, folder, found, result)
    return result, called


def _name(recipe: Recipe, case: FoundCase) -> str:
    return "_".join(filter(None, [recipe.key, case.case, case.series, case.reader]))


def _shown(case: FoundCase, name: str) -> str:
    """Return what to call a case in a report: its file; of DICOM, whose files may name patients, itself."""
    return name if _is_dicom(case) else case.image[0].name


def _is_dicom(case: FoundCase) -> bool:
    return case.image[0].suffix.lower() == ".dcm"


def _scan(recipe: Recipe, case: FoundCase, series: Sequence[Scan], decoder: Decoder) -> Scan:
    name = _name(recipe, case)
    about = Scan(
        name=name,
        shown=_shown(case, name),
        files=case.image,
        is_dicom=False,
        # Cases of two data sets have the same numbers.
        patient=f"{recipe.key} {case.case}",
        in_test_folder=False,
        split=_split(recipe, case),
    )
    if _is_dicom(case):
        about = _of_series(about, case, series)
    elif len(case.image) > 1:
        raise Refused(f"Case {case.case} of {recipe.title} has {len(case.image)} images; keep one of them.")
    else:
        about = replace(about, marks=_marks(case.image[0], decoder))
    if not case.labels:
        return about
    if recipe.form is Form.LABEL_MAP:
        (path,) = case.labels.values()
        return replace(about, labels=Labels(path, (), None))
    return replace(about, drawings=(_drawn(recipe, case),))


def _marks(path: Path, decoder: Decoder) -> tuple[Mark, ...]:
    return () if path.suffix == ".csv" else decoder.inspect(path, with_values=False).marks


def _split(recipe: Recipe, case: FoundCase) -> str:
    """Return the split that the data set fixed. A data set that fixes some has the rest in its pool."""
    return case.split or (Split.POOL.value if recipe.layout.splits else "")


def _of_series(about: Scan, case: FoundCase, series: Sequence[Scan]) -> Scan:
    files = set(case.image)
    own = [scan for scan in series if files.issuperset(scan.files)]
    if len(own) != 1:
        raise Refused(
            f"The {len(case.image)} DICOM files of case {case.case} hold {len(own)} CT series; one is needed."
        )
    scan = own[0]
    # The data set's own number stands for the patient: its headers were made anonymous.
    return replace(scan, name=about.name, patient=about.patient, split=about.split)


def _drawn(recipe: Recipe, case: FoundCase) -> DrawnFile:
    # What the recipe leaves out (targets, dose) need not be a mask.
    left_out = {plain(name) for name, key in recipe.files.items() if key is None}
    names = sorted((name for name in case.labels if plain(name) not in left_out), key=natural)
    paths = tuple(case.labels[name] for name in names)
    if recipe.form is Form.PNG_STACK:
        return DrawnFile(paths, is_numbered=True, pictured=tuple(sorted(case.image, key=natural)))
    return DrawnFile(paths, masks=tuple(names))


def _note_left_out(recipe: Recipe, folder: Path, found: Sequence[FoundCase], result: Survey) -> None:
    taken = {path for case in found for path in (*case.image, *case.labels.values())}
    left = [path for path in files_of(folder) if path not in taken]
    if left:
        count = "1 file" if len(left) == 1 else f"{len(left)} files"
        result.notes.append(
            f"{count} that {recipe.title} does not read its cases from (such as {left[0].name}) stayed out."
        )
