"""Make the project of an experiment.

`python -m bench.experiment.seed [--data FOLDER] --budget S --after N [--steps N]`
Runs on the services that the environment names. What readers will label comes in without a delineation, the
test cases with their truth, accepted.
"""

import argparse
from pathlib import Path

from rich.progress import track

from bench import ready  # noqa: F401

# isort: split
from django.contrib.auth.models import User

from annotation import catalogue, ingest
from annotation.models import LabelSchema, LearningPolicy, Membership, Project, Role, SchemaStructure, Split
from bench.experiment.scans import Scans, Truth, scans_of

CAST = {"ana": Role.ANNOTATOR, "ben": Role.ANNOTATOR, "rui": Role.REVIEWER, "lea": Role.LEAD}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--budget", type=int, required=True)
    parser.add_argument("--after", type=int, required=True)
    parser.add_argument("--steps", type=int)
    options = parser.parse_args()
    scans = scans_of(options.data)
    project = Project.objects.filter(name=scans.name).first()
    project = project or _project(scans, options.budget, options.after, options.steps)
    entries = SchemaStructure.objects.filter(schema__project=project).select_related("structure")
    keys = {entry.value: entry.structure.key for entry in entries}
    there = set(project.cases.values_list("name", flat=True))
    for split, cases in ((Split.TEST, scans.test), (Split.POOL, scans.pool)):
        missing = [name for name in cases if name not in there]
        for name in track(missing, f"Importing {split} cases", disable=not missing):
            _add(project, name, cases[name](), split, keys)


def _project(scans: Scans, budget_s: int, retrain_after: int, steps: int | None) -> Project:
    catalogue.load()
    project = Project.objects.create(name=scans.name, training_budget_s=budget_s, retrain_after=retrain_after)
    LearningPolicy.objects.create(project=project, fixed_steps=steps)
    schema = LabelSchema.objects.create(project=project)
    for spec in scans.structures:
        structure = catalogue.structure_named(spec.key)
        SchemaStructure.objects.create(schema=schema, structure=structure, layer=spec.layer, value=spec.value)
    for name, role in CAST.items():
        user = User.objects.filter(username=name).first() or User.objects.create_user(name, password=name)
        Membership.objects.create(project=project, user=user, role=role)
    return project


def _add(project: Project, name: str, truth: Truth, split: Split, keys: dict[int, str]) -> None:
    known = [key for value, key in keys.items() if value not in truth.undrawn]
    ingest.add_case(
        project=project,
        volume=truth.image,
        name=name,
        patient_key=name,
        split=split,
        labels=truth.labels[None] if split == Split.TEST else None,
        annotated=known if split == Split.TEST else (),
    )


if __name__ == "__main__":
    main()
