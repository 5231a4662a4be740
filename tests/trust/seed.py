"""Fills the database of a `Stack`: one project, its readers signed in, its cases on one scan in the store.

Run as `python -m tests.trust.seed READERS CASES`; prints `{"project": id, "sessions": {name: session key}}`.
"""

import json
import sys
import uuid

import django

django.setup()

import numpy as np  # noqa: E402 - the models need a configured Django
from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.test import Client  # noqa: E402

from annotation import catalogue, ingest, worklist  # noqa: E402
from annotation.models import (  # noqa: E402
    Case,
    CaseState,
    LabelSchema,
    Membership,
    Project,
    Role,
    SchemaStructure,
    Structure,
    Volume,
)
from tests.trust.strokes import SHAPE, STRUCTURES  # noqa: E402
from training.volume import Geometry  # noqa: E402
from training.volume import Volume as Scan  # noqa: E402

SPACING_MM = (0.8, 0.8, 1.5)
IDENTITY = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
LEAD, REVIEWER = "lea", "rui"


def main(readers: int, cases: int) -> None:
    catalogue.load()
    project = Project.objects.create(name="Trust")
    schema = LabelSchema.objects.create(project=project)
    for value, structure in enumerate(Structure.objects.order_by("key")[:STRUCTURES], start=1):
        SchemaStructure.objects.create(schema=schema, structure=structure, value=value)
    cast = {f"reader{number}": Role.ANNOTATOR for number in range(readers)}
    cast |= {LEAD: Role.LEAD, REVIEWER: Role.REVIEWER}
    sessions = {name: _signed_in(project, name, role) for name, role in cast.items()}
    _add_cases(project, cases)
    sys.stdout.write(json.dumps({"project": project.pk, "sessions": sessions}) + "\n")


def _signed_in(project: Project, name: str, role: Role) -> str:
    """Hashing the passwords of fifty readers would be most of the work."""
    user = User.objects.create(username=name)
    user.set_unusable_password()
    user.save()
    Membership.objects.create(project=project, user=user, role=role)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _add_cases(project: Project, count: int) -> None:
    """The first has voxels in the store; the others only say that they have."""
    voxels = np.random.default_rng(8).normal(40, 18, SHAPE).astype(np.int16)
    first = ingest.add_case(
        project=project,
        volume=Scan(voxels, Geometry(SHAPE, SPACING_MM, (0.0, 0.0, 0.0), IDENTITY)),
        name="case 1",
        patient_key="1",
        split="pool",
        labels=None,
        annotated=[],
    )
    shared = {"shape": list(SHAPE), "spacing_mm": list(SPACING_MM), "origin_lps": [0.0, 0.0, 0.0]}
    volumes = Volume.objects.bulk_create(
        Volume(
            store_key=f"trust/{uuid.uuid4()}",
            direction=list(first.volume.direction),
            content_sha256=uuid.uuid4().hex * 2,
            **shared,
        )
        for _ in range(count - 1)
    )
    cases = Case.objects.bulk_create(
        Case(
            project=project,
            volume=volume,
            number=number,
            name=f"case {number}",
            patient_key=str(number),
            state=CaseState.READY,
        )
        for number, volume in enumerate(volumes, start=2)
    )
    worklist.begin_parts(cases)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
