"""The agreement addresses: what is sent is what the documentation says, and bad questions get a sentence."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework import serializers

from annotation.agreement import figures
from annotation.api import agreement_shapes as shapes
from annotation.models import CalibrationCase, Project, Purpose
from tests.annotation.agreement.world import KEYS, gold, new_case, organs, read_by, work
from tests.annotation.api.conftest import Browser
from tests.annotation.factories import make_model, make_prediction

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_lea(lea: User) -> Browser:
    return Browser(lea)


@pytest.fixture
def study(project: Project, ana: User, ben: User, rui: User) -> Project:
    model = make_model(project)
    for number in range(3):
        case = new_case(project)
        CalibrationCase.objects.create(case=case, start_from="prediction")
        prediction = make_prediction(case, model, organs(2))
        prediction.mask.annotated = list(KEYS)
        prediction.mask.save()
        for reader, shift in ((ana, 0.0), (ben, 0.6), (rui, 1.2)):
            start = prediction if number else None
            read_by(case, reader, organs(shift * number), start=start, purpose=Purpose.CALIBRATION)
        read_by(case, ana, organs(0.3), purpose=Purpose.REPEAT)
        gold(case, organs())
    work(project)
    figures.refresh(project, patient=False)
    return project


def agrees(sent: Any, described: Any, where: str = "answer") -> None:
    """Every key that is sent is described, and the other way round, all the way down."""
    if isinstance(described, serializers.Serializer):
        assert set(sent) == set(described.fields), where
    for key, one, field in inside(sent, described):
        agrees(one, field, f"{where}.{key}")
    if sent is None:
        assert described.allow_null, where
    elif not isinstance(described, NESTED):
        assert described.to_representation(sent) is not None, where


NESTED = (serializers.BaseSerializer, serializers.ListField, serializers.DictField)


def inside(sent: Any, described: Any) -> list[tuple[Any, Any, Any]]:
    """What a list or an object holds, with its description."""
    if isinstance(described, serializers.ListSerializer | serializers.ListField):
        assert isinstance(sent, list)
        return [(place, one, described.child) for place, one in enumerate(sent)]
    if isinstance(described, serializers.DictField):
        return [(key, one, described.child) for key, one in sent.items()]
    if isinstance(described, serializers.Serializer):
        return [(key, sent[key], field) for key, field in described.fields.items()]
    return []


ADDRESSES = [
    ("structures/", shapes.StructuresOut, ("marks", "bands")),
    ("matrix/", shapes.MatricesOut, ("matrices",)),
    ("volumes/?structure=liver&reader={ana}&other={ben}", shapes.VolumesOut, ("charts",)),
    ("volumes/?structure=liver&reader={ana}&model_version=1&ratio=true", shapes.VolumesOut, ("charts",)),
    ("anchoring/", shapes.AnchoringOut, ()),
    ("drift/?reader={ana}", shapes.DriftOut, ("charts",)),
    ("drift/", shapes.DriftOut, ("charts",)),
    ("calibration/?structure=liver", shapes.CalibrationsOut, ("structures",)),
    ("effort/", shapes.EffortsOut, ("efforts",)),
    ("effort/?by=round", shapes.EffortsOut, ("efforts",)),
    ("months/?structure=liver&reader={ana}", shapes.MonthsOut, ("months",)),
    ("cases/?structure=liver&kind=inter&start=scratch", shapes.AgreementCasesOut, ("cases",)),
    ("cases/?structure=liver&kind=gold&start=scratch&reader={ana}", shapes.AgreementCasesOut, ("cases",)),
]


def test_what_is_sent_is_what_is_described(study: Project, as_lea: Browser, ana: User, ben: User) -> None:
    for address, described, filled in ADDRESSES:
        url = f"/api/projects/{study.pk}/agreement/{address.format(ana=ana.pk, ben=ben.pk)}"
        answer = as_lea.get(url)
        assert answer.status_code == 200, (address, answer.content)
        agrees(answer.json(), described(), address)
        for part in filled:
            assert answer.json()[part], f"{address}: {part} is empty"
        assert {"id": ana.pk, "name": "ana"} in answer.json()["readers"]


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("structures/?kind=nearly", "not a valid choice"),
        ("volumes/?structure=liver&reader=1", "Name another reader"),
        ("volumes/?structure=liver&reader=1&other=1", "name two"),
        ("volumes/?structure=liver&reader=1&other=2&model_version=1", "but not both"),
        ("volumes/?structure=liver&reader=x", "integer"),
        ("effort/?by=year", "not a valid choice"),
        ("cases/?structure=liver&kind=inter", "required"),
        ("cases/?structure=liver&kind=inter&start=scratch&page=0", "greater than or equal"),
        ("drift/?reader=99999999999999999999", "less than or equal"),
    ],
)
def test_bad_questions_get_a_sentence(project: Project, as_lea: Browser, address: str, sentence: str) -> None:
    answer = as_lea.get(f"/api/projects/{project.pk}/agreement/{address}")
    assert answer.status_code == 400
    assert sentence in str(answer.json()["detail"])


def test_nothing_to_show_is_no_error(project: Project, as_lea: Browser) -> None:
    for address, described, _ in ADDRESSES:
        answer = as_lea.get(f"/api/projects/{project.pk}/agreement/{address.format(ana=1, ben=2)}")
        assert answer.status_code == 200, address
        agrees(answer.json(), described(), address)
