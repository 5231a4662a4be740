"""A project of any size on one volume's bytes, its cast, and a signed-in client."""

import gzip
import json
import uuid
from pathlib import Path

import numpy as np
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from annotation import catalogue, chunks, ingest, worklist
from annotation.models import (
    Case,
    CaseState,
    LabelSchema,
    Mask,
    MaskKind,
    Membership,
    Project,
    RevisionKind,
    Role,
    SchemaStructure,
    Structure,
    Volume,
)
from training.volume import Geometry
from training.volume import Volume as Scan

STRUCTURES = 15
SHAPE = (512, 512, 320)
SPACING = (0.8, 0.8, 1.5)
BATCH = 1000  # cases made at once
READERS = 40


def make_project(name: str, cases: int, structures: int = STRUCTURES) -> Project:
    """`cases` ready cases of 512×512×320 voxels, 15 structures and 40 readers."""
    catalogue.load()
    project = Project.objects.create(name=name)
    schema = LabelSchema.objects.create(project=project)
    for value, structure in enumerate(Structure.objects.order_by("key")[:structures], start=1):
        SchemaStructure.objects.create(schema=schema, structure=structure, value=value)
    for number in range(READERS):
        user, _ = User.objects.get_or_create(username=f"reader{number}")
        Membership.objects.create(project=project, user=user, role=Role.ANNOTATOR)
    volumes = [
        Volume(
            store_key=f"bench/{uuid.uuid4()}",
            shape=list(SHAPE),
            spacing_mm=list(SPACING),
            origin_lps=[0.0, 0.0, 0.0],
            direction=[1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0],
            content_sha256=uuid.uuid4().hex * 2,
            header=_header(number),
        )
        for number in range(cases)
    ]
    cases_ = [
        Case(
            project=project,
            volume=volume,
            number=n,
            name=f"case {n}",
            patient_key=str(n),
            state=CaseState.READY,
        )
        for n, volume in enumerate(volumes, start=1)
    ]
    for first in range(0, cases, BATCH):  # each in a statement of its own: no server is asked for all at once
        part = slice(first, first + BATCH)
        Volume.objects.bulk_create(volumes[part])
        worklist.begin_parts(Case.objects.bulk_create(cases_[part]))
    return project


def _header(number: int) -> dict[str, object]:
    """What is kept of a header, of some scanners and protocols."""
    makers = {
        "Siemens": ("Force", "Edge"),
        "GE": ("Revolution", "Discovery"),
        "Philips": ("iCT", "Brilliance"),
    }
    maker = tuple(makers)[number % 3]
    return {
        "manufacturer": maker,
        "model": makers[maker][number // 3 % 2],
        "kernel": ("Br40", "STANDARD", "B", "I30f")[number % 4],
        "kvp": (100.0, 120.0)[number % 2],
        "contrast_agent": number % 5 > 0,
        "body_part": "ABDOMEN",
    }


def add_real_case(project: Project, shape: tuple[int, int, int]) -> Case:
    """One case whose voxels really are in the store: soft tissue with the noise of a CT."""
    rng = np.random.default_rng(project.cases.count())  # the same scan twice would be refused
    voxels = rng.normal(40, 18, shape).astype(np.int16)
    identity = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    scan = Scan(voxels, Geometry(shape, SPACING, (0.0, 0.0, 0.0), identity))
    return ingest.add_case(
        project=project,
        volume=scan,
        name=f"measured {project.cases.count()}",
        patient_key=f"measured {project.cases.count()}",
        split="pool",
        labels=None,
        annotated=[],
    )


def user_of(username: str) -> User:
    return User.objects.get(username=username)


def client_of(username: str) -> Client:
    client = Client()
    client.force_login(user_of(username), backend=settings.AUTHENTICATION_BACKENDS[1])
    return client


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def disc(k: int, centre: tuple[int, int], radius: int, value: int) -> bytes:
    """The edits of one brush stamp in slice `k`, as the browser sends them."""
    ni = SHAPE[0]
    runs, end = [], 0
    for j in range(centre[1] - radius, centre[1] + radius + 1):
        half = int((radius**2 - (j - centre[1]) ** 2) ** 0.5)
        start = j * ni + centre[0] - half
        runs.append(varint(start - end) + varint(2 * half + 1) + bytes([value]))
        end = start + 2 * half + 1
    return gzip.compress(varint(0) + varint(k) + varint(len(runs)) + b"".join(runs))


def save_form(base: int, edits: bytes) -> dict[str, object]:
    meta = {"base_revision": base, "key": str(uuid.uuid4()), "session": None, "events": []}
    return {"meta": json.dumps(meta), "edits": _Upload(edits)}


class _Upload:
    """A file part for Django's test client."""

    name = "edits"
    content_type = "application/gzip"

    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self) -> bytes:
        return self.content


def organ_mask(case: Case) -> Mask:
    """A whole mask of 15 round organs, as an imported delineation."""
    labels = np.zeros((1, *case.volume.shape), np.uint8)
    i, j, k = np.ogrid[tuple(slice(0, n) for n in case.volume.shape)]
    rng = np.random.default_rng(1)
    for value in range(1, STRUCTURES + 1):
        centre = [rng.uniform(0.2, 0.8) * n for n in case.volume.shape]
        radii = [rng.uniform(0.04, 0.12) * n for n in case.volume.shape]
        inside = sum(((axis - c) / r) ** 2 for axis, c, r in zip((i, j, k), centre, radii, strict=True)) < 1
        labels[0][inside] = value
    mask = Mask.objects.create(case=case, kind=MaskKind.IMPORTED, created_at=timezone.now())
    chunks.write_labels(mask=mask, labels=labels, kind=RevisionKind.IMPORT)
    return mask


def store_folder() -> Path:
    return Path(settings.STORE_ROOT)
