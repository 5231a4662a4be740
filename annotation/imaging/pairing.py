"""Which image file is a scan and which was drawn on which: by name first, by shape and position second."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from annotation.errors import Refused
from annotation.imaging import naming
from annotation.imaging.findings import Cause, Rejected, cause_of
from annotation.imaging.formats import is_image_file
from annotation.imaging.naming import Kind
from annotation.imaging.nifti import Inspection
from annotation.imaging.rasters import is_raster
from annotation.imaging.sandbox import Decoder
from annotation.imaging.scans import DrawnFile, Labels, Scan, Survey
from annotation.imaging.sidecars import Names, Sidecars

Looking = Callable[[int, int], None]


@dataclass
class File:
    """An image file below the folder, and what its name and header say."""

    path: Path
    relative: PurePosixPath
    grid: Inspection
    kind: Kind
    group: tuple[str, ...]
    case_stem: str = ""
    full_stem: str = ""
    is_guess: bool = False  # a label map that came to its image by shape and position alone

    @property
    def is_several(self) -> bool:
        """Whether it holds structures that may share voxels: 4-D NIfTI, .seg.nrrd."""
        return self.grid.structures > 0

    @property
    def names_structures(self) -> bool:
        """Whether it names them itself."""
        return self.is_several and is_raster(self.path)


@dataclass
class Paired:
    """The scans of a folder's image files, and what was drawn on none of them: files, or folders of masks."""

    scans: list[Scan] = field(default_factory=list)
    alone: list[list[File]] = field(default_factory=list)


@dataclass
class Reading:
    """What names of labels come from: JSON files, or with `known` the values of a recipe, and no names."""

    sidecars: Sidecars
    known: Collection[int] | None = None

    def names_for(self, path: Path, case_stem: str) -> Names | None:
        """Return the names of a label map's values. Raises Refused where their file cannot be used."""
        return None if self.known is not None else self.sidecars.names_for(path, case_stem)


def image_files(
    paths: Sequence[Path], folder: Path, decoder: Decoder, result: Survey, looking: Looking
) -> list[File]:
    """Look into the image files among some paths; `looking(done, total)` is called for each."""
    wanted = [path for path in paths if is_image_file(path)]
    suffixes = Sidecars(folder).suffixes(sorted({path.parent for path in wanted} | {folder}))
    files: list[File] = []
    for done, path in enumerate(wanted):
        looking(done, len(wanted))
        relative = PurePosixPath(path.relative_to(folder).as_posix())
        try:
            grid, kind = _looked_into(path, naming.kind_by_name(relative, suffixes), decoder)
        except Refused as refused:
            result.refuse(path.name, cause_of(refused), refused.sentence)
            continue
        files.append(File(path, relative, grid, kind, naming.group_of(relative)))
    _set_stems(files, suffixes)
    return files


def _looked_into(path: Path, kind: Kind | None, decoder: Decoder) -> tuple[Inspection, Kind]:
    grid = decoder.inspect(path, with_values=kind is not Kind.IMAGE)
    if kind is Kind.LABELS and grid.values is None and not grid.structures:
        raise Refused(
            f"{path.name} is named like a label map but holds no whole numbers from 0 to 254; "
            "rename it, or write the label map again."
        )
    if kind is None and grid.structures and not is_raster(path):
        raise Rejected(Cause.NOT_GREY, f"{path.name} has 4 axes; one 3-D image is needed.")
    if kind is None:
        kind = Kind.IMAGE if grid.values is None and not grid.structures else Kind.LABELS
    return grid, kind


def _set_stems(files: list[File], suffixes: frozenset[str]) -> None:
    """Find what image and label map have in common. `_0000` is a channel only where every image has it."""
    endings: dict[tuple[str, ...], set[bool]] = defaultdict(set)
    for file in files:
        if file.kind is Kind.IMAGE:
            endings[file.group].add(naming.stem(file.path.name).endswith(f"_{naming.CHANNEL}"))
    for file in files:
        channels = file.kind is Kind.IMAGE and endings[file.group] == {True}
        file.case_stem = naming.case_stem(file.relative, suffixes, channels=channels)
        file.full_stem = naming.stem(file.path.name)


def pair(folder: Path, files: list[File], result: Survey, reading: Reading) -> Paired:
    """Give every delineation to its scan. What fits none is left in `alone`: a DICOM series may have it."""
    images = [file for file in files if file.kind is Kind.IMAGE]
    labels = [file for file in files if file.kind is Kind.LABELS]
    paired = Paired()
    masks = _mask_folders(labels, images, reading)
    in_folders = {file.path for _, group in masks for file in group}
    masks_of: dict[Path, list[list[File]]] = defaultdict(list)
    for image, group in masks:
        (masks_of[image.path] if image else paired.alone).append(group)
    of_image = _label_maps_of([file for file in labels if file.path not in in_folders], images, paired)
    left_out: list[tuple[str, str]] = []
    for image in images:
        try:
            chosen, drawings = _drawn_on(
                image, of_image[image.path], masks_of[image.path], reading, left_out, result.notes
            )
        except Refused as refused:
            result.refuse(image.path.name, Cause.LABELS, refused.sentence)
            continue
        paired.scans.append(_scan(folder, image, chosen, drawings))
    paired.scans.sort(key=lambda scan: (scan.name, scan.files))
    _note_left_out(left_out, result.notes)
    for name, favoured in left_out:
        result.leave_out(name, favoured)
    return paired


def _scan(folder: Path, image: File, labels: Labels | None, drawings: tuple[DrawnFile, ...]) -> Scan:
    name = naming.scan_name(image.relative, image.case_stem, folder.resolve().name)
    return Scan(
        name=name,
        shown=image.path.name,
        files=(image.path,),
        is_dicom=False,
        patient=naming.patient_of(name),
        in_test_folder=naming.is_test(image.relative.parent.parts),
        labels=labels,
        marks=image.grid.marks,
        drawings=drawings,
    )


def _note_left_out(left_out: Sequence[tuple[str, str]], notes: list[str]) -> None:
    left_out = [(name, favoured) for name, favoured in left_out if favoured]
    if left_out:
        more = f" (and {len(left_out) - 1} more)" if len(left_out) > 1 else ""
        notes.append(
            f"One label map is read per scan: {left_out[0][0]}{more} was left out in favour of "
            f"{left_out[0][1]}."
        )


# ── Folders of masks ─────────────────────────────────────────────────────────


def _mask_folders(
    labels: Iterable[File], images: Sequence[File], reading: Reading
) -> list[tuple[File | None, list[File]]]:
    """Return folders with one file per structure, each with its image, or None where no image is near.

    Such a folder holds no scan, and each of its files at most one value and no name of a scan.
    """
    by_folder: dict[Path, list[File]] = defaultdict(list)
    for file in labels:
        by_folder[file.path.parent].append(file)
    with_images = {image.path.parent for image in images}
    found = []
    for folder, files in by_folder.items():
        alone = len(files) == 1
        if folder in with_images or not all(is_mask(file, reading, alone=alone) for file in files):
            continue
        if any(_image_by_name(file, images) is not None for file in files):
            continue
        near = _images_of_folder(files[0], images)
        if len(near) <= 1:
            found.append((near[0] if near else None, sorted(files, key=lambda file: file.path)))
    return found


def is_mask(file: File, reading: Reading, *, alone: bool) -> bool:
    """Tell a mask, called like its structure, from a label map: by its one value and its name.

    One that is `alone` in its folder is a label map where a file or a recipe names the value; of several
    they cannot all be the scan's label map.
    """
    values = file.grid.values
    if values is None or len(values) > 1 or file.is_several:
        return False
    if all(naming.is_idle(word) for word in naming.words(file.full_stem)):
        return False
    if not alone:
        return True
    if reading.known is not None:
        return not values or not set(values) <= set(reading.known)
    return not _is_named(file, reading)


def _is_named(file: File, reading: Reading) -> bool:
    """Tell whether a JSON file names the values of a label map: then it is none of several masks."""
    try:
        return reading.names_for(file.path, file.case_stem) is not None
    except Refused:
        return False


def _images_of_folder(mask: File, images: Sequence[File]) -> list[File]:
    """Return the images that a folder of masks may be of: one called like the folder, else those near."""
    stems = {naming.without_label_words(part) for part in mask.relative.parent.parts[-2:]} - {""}
    called = [image for image in images if stems & {image.case_stem, image.full_stem}]
    return called or [image for image in images if image.group == mask.group]


# ── Label maps ───────────────────────────────────────────────────────────────


def _label_maps_of(labels: Sequence[File], images: Sequence[File], paired: Paired) -> dict[Path, list[File]]:
    """Give every label map to its image."""
    of_image: dict[Path, list[File]] = defaultdict(list)
    for file in labels:
        image = _image_by_name(file, images)
        if image is None:
            image, file.is_guess = _image_by_grid(file, images), True
        if image is None:
            paired.alone.append([file])
        else:
            of_image[image.path].append(file)
    return of_image


def _image_by_name(labels: File, images: Sequence[File]) -> File | None:
    """Find the image of a label map: the only one of its stem near, else anywhere."""
    near = [image for image in images if image.group == labels.group]
    for candidates in (near, images):
        for same in (
            [image for image in candidates if labels.full_stem in (image.full_stem, image.case_stem)],
            [image for image in candidates if labels.case_stem and image.case_stem == labels.case_stem],
        ):
            if len(same) == 1:
                return same[0]
    return None


def _image_by_grid(labels: File, images: Sequence[File]) -> File | None:
    """Guess the image of a label map: the only one beside it with its shape and position.

    Slicer cuts a .seg.nrrd to what was drawn, so that being alone with a scan has to do.
    """
    near = [image for image in images if image.group == labels.group]
    alike = [image for image in near if image.grid.same_grid(labels.grid)]
    if not alike and labels.names_structures:
        alike = near
    return alike[0] if len(alike) == 1 else None


def _drawn_on(
    image: File,
    candidates: Sequence[File],
    masks: Sequence[Sequence[File]],
    reading: Reading,
    left_out: list[tuple[str, str]],
    notes: list[str],
) -> tuple[Labels | None, tuple[DrawnFile, ...]]:
    """Return what is read with an image: files that name their structures, else masks, else a label map."""
    several = [[file] for file in candidates if file.is_several]
    others = [file for file in candidates if not file.is_several]
    used = several or masks[:1]
    if used:
        unused = masks if several else masks[1:]
        passed = [*others, *(files[0] for files in unused)]
        drawings = tuple(drawn_of(files, image.case_stem, reading) for files in used)
        left_out.extend((file.path.name, drawings[0].shown) for file in passed)
        return None, drawings
    layers = _layers_of(others, image, reading)
    if layers:
        known = {drawn.files[0] for drawn in layers}
        left_out.extend((file.path.name, layers[0].shown) for file in others if file.path not in known)
        return None, layers
    return _choose(image, others, reading, left_out, notes), ()


def _layers_of(files: Sequence[File], image: File, reading: Reading) -> tuple[DrawnFile, ...]:
    """Return the label maps that are the layers of one image, each with its own names, if there are several.

    Raises Refused when a value has no name, or when one lies elsewhere than the image.
    """
    layers: dict[int, DrawnFile] = {}
    for file in files:
        number = naming.layer_of(file.relative)
        names = None if number is None else reading.names_for(file.path, image.case_stem)
        if number is None or names is None or number in layers:
            continue
        if not file.grid.same_grid(image.grid):
            raise _elsewhere(file, image)
        values = file.grid.values or ()
        names.check(values, file.path.name)
        layers[number] = DrawnFile((file.path,), is_numbered=True, values=values, names=names, layer=number)
    return tuple(layers[number] for number in sorted(layers)) if len(layers) > 1 else ()


def _elsewhere(labels: File, image: File) -> Refused:
    return Refused(
        f"{labels.path.name} has another shape or position than its scan {image.path.name}; "
        "resample the label map onto the scan."
    )


def _choose(
    image: File,
    candidates: Sequence[File],
    reading: Reading,
    left_out: list[tuple[str, str]],
    notes: list[str],
) -> Labels | None:
    """Choose the label map whose values all have names, and among these the one with the most named values.

    A best one that came to the image only by our guess and has a value without a name is noted and not used.
    Raises Refused when none of the label maps lies on the image, or when a value of the best has no name.
    """
    if not candidates:
        return None
    fitting = [file for file in candidates if file.grid.same_grid(image.grid)]
    if not fitting:
        raise _elsewhere(candidates[0], image)
    known = [
        Labels(file.path, file.grid.values or (), reading.names_for(file.path, image.case_stem))
        for file in sorted(fitting, key=lambda file: file.path)
    ]
    best = max(known, key=lambda labels: _rank(labels, reading.known))
    try:
        if best.names:
            best.names.check(best.values, best.path.name)
    except Refused as refused:
        if not all(file.is_guess for file in fitting):
            raise
        notes.append(f"{image.path.name} is imported without a delineation: {refused.sentence}")
        left_out.extend((file.path.name, "") for file in candidates)
        return None
    left_out.extend((file.path.name, best.path.name) for file in candidates if file.path != best.path)
    return best


def _rank(labels: Labels, known: Collection[int] | None) -> tuple[bool, int, int]:
    names: Mapping[int, str] | Collection[int] = labels.names.by_value if labels.names else {}
    names = names if known is None else known
    named = [value for value in labels.values if value in names]
    return bool(names) and len(named) == len(labels.values), len(names), len(named)


def drawn_of(files: Sequence[File], case_stem: str, reading: Reading, *, called: bool = False) -> DrawnFile:
    """Return one file per structure, or one file of several, as it is read onto its scan.

    A single file that is `called` like its scan is a label map, whatever it holds.

    Raises Refused where the names of a 4-D file fit neither with nor without a volume for the background.
    """
    paths = tuple(file.path for file in files)
    first = files[0]
    if first.names_structures:
        return DrawnFile(paths)
    if first.is_several:
        return _one_hot(first, case_stem, reading)
    if len(files) > 1 or (not called and is_mask(first, reading, alone=True)):
        return DrawnFile(paths, masks=tuple(file.full_stem for file in files))
    names = reading.names_for(first.path, case_stem)
    return DrawnFile(paths, is_numbered=True, values=first.grid.values or (), names=names)


def _one_hot(file: File, case_stem: str, reading: Reading) -> DrawnFile:
    """Number the volumes of a 4-D file: from 1 on, or from 0 where there is one for the background."""
    count = file.grid.structures
    names = reading.names_for(file.path, case_stem)
    known = reading.known if reading.known is not None else (names.by_value if names else range(1, count + 1))
    last = max(known, default=0)
    if last not in (count, count - 1):
        raise Refused(
            f"{file.path.name} has {count} volumes along its last axis, but the last of its names is for "
            f"{last}; name {count} structures, or {count - 1} where the first volume is the background."
        )
    offset = 1 if last == count else 0
    values = tuple(range(1, last + 1))
    return DrawnFile(
        (file.path,), is_numbered=True, values=values, names=names, offset=offset, may_overlap=True
    )
