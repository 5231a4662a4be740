"""The bench asks for every table there is, and asks what the table takes."""

from annotation.dashboards import SOURCES
from bench import questions

TOLD = questions.Told("liver", "prediction:1", (1, 2), 140, "2025-03-01", "2025-03-03", 7)


def test_every_table_is_asked_for() -> None:
    asked = questions.tables(TOLD)
    assert set(asked) | set(questions.NOT_ASKED) == set(SOURCES)
    for name, queries in asked.items():
        for query in queries:
            assert set(SOURCES[name].must) <= set(query) <= {*SOURCES[name].must, *SOURCES[name].may}, name


def test_pages_and_files_are_told_apart() -> None:
    found = list(questions.questions(TOLD))
    assert {one.table for one in found if one.is_file} == set(questions.FILES)
    assert all(one.path.endswith("form=csv") for one in found if one.is_file)
    assert found[0].path == "dashboards/overview/"
    assert len({one.path for one in found}) == len(found)
