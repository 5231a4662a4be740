"""What the browser's engine saves, applied by the server, is the browser's buffer byte for byte."""

import base64
import gzip
import json
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User
from numpy.typing import NDArray

from annotation import chunks
from annotation.chunks import Grid, decode_edits
from annotation.models import LabelSchema, Mask, MaskKind, Project, RevisionKind, SchemaStructure, Structure
from annotation.regions import Region
from tests.annotation.factories import make_case

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "frontend" / "src" / "voxels" / "engine" / "testActions.ts"
ROLLDOWN = ROOT / "frontend" / "node_modules" / ".bin" / "rolldown"

SHAPE = (37, 34, 33)  # two chunks along every axis
SEQUENCES = 12
EDITS = 14
CUBE = Region((9, 7, 5), (30, 33, 25))
VALUES = range(1, 6)  # what the sequences draw with, on both layers

# In JavaScript, so that node runs it as it is; everything that it calls is the front end's own TypeScript.
SCRIPT = f"""
import {{ recordings }} from {json.dumps(str(ENGINE))};
const packed = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
const [seed, bounds] = process.argv.slice(2).map((one) => JSON.parse(one));
const told = recordings({json.dumps(SHAPE)}, seed, {SEQUENCES}, {EDITS}, bounds).map((one) => ({{
  start: one.start.map(packed),
  saves: one.saves.map(({{ rows, plain }}) => [packed(rows), packed(plain)]),
  end: one.end.map(packed),
}}));
process.stdout.write(JSON.stringify(told));
"""


@dataclass(frozen=True)
class Save:
    """One edit as it is sent, and as exactly the runs that it changes."""

    outlines: bytes
    runs: bytes


@dataclass(frozen=True)
class Recording:
    """One random sequence of strokes, operations, undo and redo; labels are (layer, i, j, k)."""

    start: NDArray[np.uint8]
    saves: list[Save]
    end: NDArray[np.uint8]


def labels_of(layers: list[str]) -> NDArray[np.uint8]:
    flat = [np.frombuffer(base64.b64decode(layer), np.uint8) for layer in layers]
    return np.stack([layer.reshape(SHAPE, order="F") for layer in flat])


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("node") is None or not ROLLDOWN.exists():
        pytest.skip("needs Node and the front end's packages: run `make setup`")
    folder = tmp_path_factory.mktemp("engine")
    entry, out = folder / "record.js", folder / "record.mjs"
    entry.write_text(SCRIPT)
    command = [str(ROLLDOWN), str(entry), "--file", str(out), "--format", "esm", "--platform", "node"]
    done = subprocess.run(command, cwd=ROOT / "frontend", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def record(bundle: Path, seed: int, region: Region | None = None) -> list[Recording]:
    sizes = [] if region is None else [side.stop - side.start for side in region.slices]
    box = None if region is None else {"low": region.start, "size": sizes}
    command = ["node", str(bundle), str(seed), json.dumps(box)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [
        Recording(
            labels_of(one["start"]),
            [Save(*map(base64.b64decode, save)) for save in one["saves"]],
            labels_of(one["end"]),
        )
        for one in json.loads(done.stdout)
    ]


@pytest.fixture
def layered(project: Project) -> Project:
    """A project whose two layers have the structures that the sequences draw."""
    schema = LabelSchema.objects.get(project=project)
    SchemaStructure.objects.filter(schema=schema).delete()
    for layer in (0, 1):
        for value in VALUES:
            structure = Structure.objects.create(
                key=f"s{layer}{value}", name=f"s{layer}{value}", colour="#408040"
            )
            SchemaStructure.objects.create(schema=schema, structure=structure, layer=layer, value=value)
    return project


@pytest.mark.django_db
@pytest.mark.parametrize(("seed", "region"), [(1, None), (20260511, None), (7, CUBE)])
def test_saves_give_the_buffer_of_the_browser(
    bundle: Path, layered: Project, ana: User, seed: int, region: Region | None
) -> None:
    case = make_case(layered, shape=SHAPE)
    values = chunks.values_of(layered.pk)
    recordings = record(bundle, seed, region)
    assert len(recordings) == SEQUENCES
    assert sum(len(one.saves) for one in recordings) > 2 * SEQUENCES
    for one in recordings:
        mask = Mask.objects.create(case=case, kind=MaskKind.READER, author=ana)
        chunks.write_labels(mask=mask, labels=one.start, kind=RevisionKind.IMPORT)
        for save in one.saves:
            edits = decode_edits(gzip.compress(save.outlines), grid=Grid(SHAPE), values=values)
            exact = decode_edits(gzip.compress(save.runs), grid=Grid(SHAPE), values=values)
            applied = chunks.apply(mask, edits)
            assert applied.voxels == exact.voxels, "a save does not change what the stroke did"
            if region is not None:
                within = chunks.clipped(mask, applied, region)
                assert within.voxels == applied.voxels, "a save reaches out of what is asked for"
            same = chunks.apply(mask, exact)
            assert all(np.array_equal(same.changed[name], applied.changed[name]) for name in same.changed)
            chunks.append(
                mask=mask,
                kind=RevisionKind.AUTOSAVE,
                key=uuid.uuid4(),
                base=mask.head,
                changed=applied.changed,
            )
        np.testing.assert_array_equal(chunks.read_layers(mask), one.end)
        if region is not None:
            one.end[:, *region.slices] = one.start[:, *region.slices]
            np.testing.assert_array_equal(one.end, one.start)


@pytest.mark.django_db
def test_the_difference_of_revisions_is_what_the_browser_undoes(
    bundle: Path, layered: Project, ana: User
) -> None:
    """The server's runs back to the start are edits like the browser's own."""
    case = make_case(layered, shape=SHAPE)
    one = record(bundle, 5)[0]
    mask = Mask.objects.create(case=case, kind=MaskKind.READER, author=ana)
    chunks.write_labels(mask=mask, labels=one.start, kind=RevisionKind.IMPORT)
    begun = mask.head
    values = chunks.values_of(layered.pk)
    for save in one.saves:
        applied = chunks.apply(
            mask, decode_edits(gzip.compress(save.outlines), grid=Grid(SHAPE), values=values)
        )
        chunks.append(
            mask=mask, kind=RevisionKind.AUTOSAVE, key=uuid.uuid4(), base=mask.head, changed=applied.changed
        )
    back = b"".join(chunks.difference(mask, mask.head, begun))
    applied = chunks.apply(mask, decode_edits(gzip.compress(back), grid=Grid(SHAPE), values=values))
    chunks.append(
        mask=mask, kind=RevisionKind.AUTOSAVE, key=uuid.uuid4(), base=mask.head, changed=applied.changed
    )
    np.testing.assert_array_equal(chunks.read_layers(mask), one.start)
