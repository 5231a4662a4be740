from typing import Any

import pytest

from annotation.models import Preferences
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_refused

URL = "/api/me/preferences/"


def test_nobody_has_any_at_first(as_ana: Browser) -> None:
    assert as_ana.get(URL).json() == {"keys": {}, "settings": {}}
    assert not Preferences.objects.exists()


def test_kept_for_this_user_alone(as_ana: Browser, as_ben: Browser) -> None:
    given = {
        "keys": {"tool.brush": "b", "help": "?", "peek": " ", "reset": ""},
        "settings": {"opacity": 0.35, "palette": "safe", "rails": True, "layout": None, "radius_mm": 6},
    }
    answer = as_ana.put(URL, given)
    assert (answer.status_code, answer.json()) == (200, given)
    assert as_ana.get(URL).json() == given
    assert as_ben.get(URL).json() == {"keys": {}, "settings": {}}
    as_ana.put(URL, {"keys": {"help": "h"}})
    assert as_ana.get(URL).json() == {"keys": {"help": "h"}, "settings": {}}


@pytest.mark.parametrize(
    "body",
    [
        {"keys": {"Brush!": "b"}},
        {"keys": {"": "b"}},
        {"keys": {"x" * 65: "b"}},
        {"keys": {"brush": "b" * 41}},
        {"keys": {"brush": ["b"]}},
        {"keys": {"brush": "a\0"}},
        {"keys": []},
        {"settings": {"a": [1]}},
        {"settings": {"a": {}}},
        {"settings": {"a": "\0"}},
        {"settings": {"a": 2**60}},
        {"settings": {"A": 1}},
        [],
        5,
    ],
    ids=lambda body: str(body)[:40],
)
def test_a_wrong_body(as_ana: Browser, body: Any) -> None:
    assert_refused(as_ana.put(URL, body), 400)
    assert not Preferences.objects.exists()


def test_at_most_16_kib(as_ana: Browser) -> None:
    most = {"settings": {f"name{n}": "x" * 100 for n in range(120)}}
    assert as_ana.put(URL, most).status_code == 200
    assert_refused(as_ana.put(URL, {"settings": {f"name{n}": "x" * 100 for n in range(160)}}), 413)


def test_who_is_kept_out(as_nobody: Browser) -> None:
    assert_refused(as_nobody.get(URL), 401)
    assert_refused(as_nobody.put(URL, {}), 401)
