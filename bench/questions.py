"""What the pages of a project ask the server for: the same addresses, all of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

NOT_ASKED = {"networks_compared": "there is no comparison of networks among these rows"}
FILES = (
    "scores",
    "dataset_scans",
    "dataset_groups",
    "dataset_bars",
    "dataset_measures",
    "dataset_structures",
    "dataset_sources",
)
"""Tables that pages link to as files, and never draw."""
PLAIN = (
    "states",
    "weeks",
    "months",
    "pools",
    "published",
    "drift",
    "drift_states",
    "rounds",
    "tools",
    "minutes_saved",
    "arms",
    "first_pass",
    "acceptability",
    "errors",
)
"""Tables of which nothing more is asked."""

Query = Mapping[str, str | int]


@dataclass(frozen=True)
class Told:
    """What the rows hold: whom and what a page can ask about."""

    structure: str
    starts: str
    readers: tuple[int, int]
    model: int
    month: str
    week: str
    case: int


@dataclass(frozen=True)
class Question:
    """One request, its address within the project; `table` is empty where it is of no table."""

    table: str
    what: str
    path: str
    is_file: bool = False


def questions(told: Told) -> Iterator[Question]:
    """The overview, the data set, then table by table. `own` is asked by a reader, elsewhere."""
    yield Question("", "overview", "dashboards/overview/")
    yield Question("", "data set", "dataset/")
    for name, queries in tables(told).items():
        for query in queries:
            yield _question(name, query)


def _question(name: str, query: Query) -> Question:
    is_file = name in FILES
    asked = {**query, "form": "csv"} if is_file else dict(query)
    words = " ".join(f"{key}={value}" for key, value in query.items())
    path = f"dashboards/{name}/" + (f"?{urlencode(asked)}" if asked else "")
    return Question(name, f"{name} {words}".strip(), path, is_file)


def tables(told: Told) -> dict[str, tuple[Query, ...]]:
    """Every table that is asked for, with what is asked of it."""
    return {**_plain(), **_agreement(told), **_volumes(told), **_learning(told), **_cases(told)}


def _plain() -> dict[str, tuple[Query, ...]]:
    return dict.fromkeys(PLAIN, ({},))


def _agreement(told: Told) -> dict[str, tuple[Query, ...]]:
    key, starts = told.structure, told.starts
    return {
        "agreement": (
            {"metric": "dice", "kind": "inter"},
            {"metric": "dice", "kind": "prediction"},
            {"metric": "dice", "kind": "intra"},
            {"metric": "dice", "structure": key},
        ),
        "pairs": ({"structure": key, "metric": "dice"},),
        "anchoring": ({"metric": "dice"},),
        "calibration": ({"starts": starts},),
        "reader_rates": ({"structure": key, "starts": starts},),
        "scores": ({"kind": "inter", "structure": key},),
    }


def _volumes(told: Told) -> dict[str, tuple[Query, ...]]:
    one, other = told.readers
    queries: tuple[Query, ...] = ({"structure": told.structure, "reader": one, "other": other},)
    return {"volume_points": queries, "volume_limits": queries}


def _learning(told: Told) -> dict[str, tuple[Query, ...]]:
    by_metric: tuple[Query, ...] = ({"metric": "dice"},)
    files: tuple[Query, ...] = ({},)
    return {
        "learning_points": by_metric,
        "learning_curves": by_metric,
        "learning_forecasts": by_metric,
        **{name: files for name in FILES if name.startswith("dataset")},
    }


def _cases(told: Told) -> dict[str, tuple[Query, ...]]:
    """The lists of cases that open at a mark."""
    one, other = told.readers
    mark = {"kind": "inter", "structure": told.structure, "starts": told.starts}
    return {
        "scored_cases": (
            mark | {"metric": "dice"},
            mark | {"metric": "dice", "reader": one},
            mark | {"metric": "dice", "reader": one, "other": other},
        ),
        "pool_cases": ({"state": "accepted"}, {"week": told.week}, {"ids": told.case}),
        "read_cases": ({"reader": one, "month": told.month}, {"starts": told.starts}),
        "judged_cases": ({"reader": one}, {"structure": told.structure, "code": "leak"}),
        "graded_cases": ({"structure": told.structure}, {"structure": told.structure, "grade": 5}),
        "arm_cases": ({"arm": "control"}, {"arm": "difference"}),
        "tested_cases": ({"model": told.model}, {"model": told.model, "structure": told.structure}),
    }
