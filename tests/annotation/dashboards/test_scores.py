"""The table of all scores: every metric of two reads, in the file that people download."""

import csv
import io

import numpy as np
import pytest
from django.contrib.auth.models import User

from annotation.dashboards import table_named, to_file
from annotation.models import Project
from tests.annotation.agreement.world import KEYS, ball, new_case, organs, read_by, work
from training.metrics import score

pytestmark = pytest.mark.django_db

COLUMNS = {
    "dice": "dice",
    "jaccard": "jaccard",
    "precision": "precision",
    "recall": "recall",
    "specificity": "specificity",
    "volume_similarity": "volume_similarity",
    "surface_dice": "surface_dice",
    "hd95_mm": "hd95_mm",
    "hd_mm": "hd_mm",
    "asd_ref_to_pred_mm": "asd_a_to_b_mm",
    "asd_pred_to_ref_mm": "asd_b_to_a_mm",
    "assd_mm": "assd_mm",
    "centre_distance_mm": "centre_distance_mm",
    "volume_ref_ml": "volume_a_ml",
    "volume_pred_ml": "volume_b_ml",
}


def test_every_metric_stands_in_the_file(project: Project, ana: User, ben: User) -> None:
    case = new_case(project)
    one, other = organs(radius=9), ball((13, 14, 15), 8, 1)  # the spleen in one of them alone, no kidney
    read_by(case, ana, one)
    read_by(case, ben, other)
    work(project)
    table = table_named(project, "scores", {"kind": "inter"})
    rows = {row["structure"]: row for row in csv.DictReader(io.StringIO(to_file(table, "csv").decode()))}
    a, b = (np.ascontiguousarray(labels[0]) for labels in (one, other))
    right = score(a, b, (1.0, 1.0, 2.0), {1: 3.0, 2: 3.0, 3: 3.0})
    for value, key in enumerate(KEYS, start=1):
        for theirs, ours in COLUMNS.items():
            expected, given = getattr(right[value], theirs), rows[key][ours]
            assert (float(given) if given else None) == pytest.approx(expected, abs=1e-12), (key, ours)
    assert (rows["liver"]["undefined"], rows["spleen"]["undefined"]) == ("", "b_empty")
    assert rows["spleen"]["precision"] == ""
    assert rows["kidney_left"]["jaccard"] == ""
