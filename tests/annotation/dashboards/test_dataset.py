"""What a data set consists of: every figure has as many cases behind it, and none is made up."""

from typing import Any

import pyarrow as pa
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from annotation import chunks, dashboards, learning, projects
from annotation.dashboards import dataset
from annotation.dashboards.dataset import structure_rows
from annotation.dashboards.scans import bars, in_bar
from annotation.errors import NotFound, Refused
from annotation.learning import candidates
from annotation.models import (
    Case,
    CaseSource,
    DataSource,
    Mask,
    MaskKind,
    Project,
    ShownStructures,
    Split,
    Volume,
)
from tests.annotation.factories import box, make_case
from tests.annotation.learning_loop import KEYS, accept, accepted

SHAPE = (8, 8, 4)
CASES = 3000


def scan(project: Project, *, site: str = "", spacing: tuple[float, ...] = (1, 1, 2), **header: Any) -> Case:
    case = make_case(project, shape=SHAPE)
    Case.objects.filter(pk=case.pk).update(site=site)
    Volume.objects.filter(pk=case.volume_id).update(header=header, spacing_mm=list(spacing))
    return case


def from_source(case: Case, title: str) -> None:
    source, _ = DataSource.objects.get_or_create(
        key=title.lower(), title=title, licence="CC BY-NC 4.0", non_commercial=True
    )
    CaseSource.objects.create(case=case, source=source)


def group(found: dashboards.Dataset, what: str) -> dict[str, tuple[int, int]]:
    return {row.word: (row.cases, row.patients) for row in found.groups if row.what == what}


class TestGroups:
    def test_by_all_that_is_known(self, project: Project) -> None:
        header: dict[str, Any] = {
            "manufacturer": "Siemens",
            "model": "SOMATOM Force",
            "kernel": "Br40",
            "kvp": 120.0,
        }
        cases = [
            scan(project, site="Basel", contrast_agent=True, **header),
            scan(project, site="Basel", contrast_agent=False, **header),
            scan(project),
        ]
        Case.objects.filter(pk__in=[cases[0].pk, cases[1].pk]).update(patient_key="one", split=Split.TEST)
        from_source(cases[2], "LiTS")
        found = dashboards.dataset_of(project)
        assert (found.cases, found.patients) == (3, 2)
        assert group(found, "site") == {"Basel": (2, 1), "": (1, 1)}
        assert group(found, "scanner") == {"Siemens SOMATOM Force": (2, 1), "": (1, 1)}
        assert group(found, "kvp") == {"120": (2, 1), "": (1, 1)}
        assert group(found, "contrast") == {"yes": (1, 1), "no": (1, 1), "": (1, 1)}
        assert group(found, "split") == {"test": (2, 1), "pool": (1, 1)}
        assert group(found, "source") == {"": (2, 1), "LiTS": (1, 1)}

    def test_narrowed(self, project: Project) -> None:
        scan(project, site="Basel", manufacturer="GE")
        scan(project, site="Bern", manufacturer="GE")
        scan(project)
        assert dashboards.dataset_of(project, site="Basel").cases == 1
        assert dashboards.dataset_of(project, scanner="GE").cases == 2
        assert dashboards.dataset_of(project, site="?", scanner="?").cases == 1
        assert dashboards.dataset_of(project, site="", scanner="").cases == 3

    def test_every_number_has_its_cases(self, project: Project) -> None:
        for number in range(6):
            scan(project, site=["", "Basel"][number % 2], spacing=(1, 1, 1 + number / 3), kernel="Br40")
        found = dashboards.dataset_of(project)
        for row in found.groups:
            listed = dashboards.listed(project, words={row.what: row.word or "?"})
            assert listed.total == row.cases == len(listed.rows), row
        for one in found.bars:
            listed = dashboards.listed(project, words={}, bar=(one.measure, one.low, one.high))
            assert listed.total == one.cases, one


class TestSizes:
    def test_of_what_is_known(self, project: Project) -> None:
        scan(project, spacing=(0.5, 0.75, 2))
        unknown = scan(project)
        Volume.objects.filter(pk=unknown.volume_id).update(spacing_known=False)
        rows = {row.measure: row for row in dashboards.dataset_of(project).measures}
        assert (rows["in_plane_mm"].median, rows["in_plane_mm"].not_known) == (0.75, 1)
        assert rows["gap_mm"].least == rows["gap_mm"].most == 2
        assert rows["field_mm"].median == 6.0
        assert rows["volume_ml"].median == pytest.approx(8 * 8 * 4 * 0.75 / 1000, abs=0.05)
        assert (rows["slices"].cases, rows["slices"].not_known) == (2, 0)

    @given(st.lists(st.floats(0.01, 5000, allow_nan=False), min_size=1, max_size=80))
    def test_every_value_is_in_one_bar(self, values: list[float]) -> None:
        columns = pa.table({"gap_mm": [round(value, 6) for value in values] + [None]})
        found = bars(columns["gap_mm"].drop_null().to_pylist())
        assert sum(n for _, _, n in found) == len(values)
        assert len(found) <= 18
        for low, high, n in found:
            assert in_bar(columns, "gap_mm", low, high).num_rows == n

    def test_slices_are_whole(self) -> None:
        assert bars([40, 41, 42], least=1) == [(40, 41, 1), (41, 42, 1), (42, 43, 1)]
        assert bars([]) == []
        assert bars([0.0, 0.0]) == [(0.0, 0.1, 2)]


class TestStructures:
    def test_annotated_present_absent_and_not_annotated(self, project: Project) -> None:
        accepted(project)  # shows a liver; spleen and kidney are not there
        accepted(project, Split.TEST)
        make_case(project)
        liver, spleen, _ = dashboards.dataset_of(project).structures
        assert (liver.annotated, liver.uncounted, liver.present, liver.absent) == (2, 2, 0, 0)
        assert chunks.count_shown() == 2
        assert chunks.count_shown() == 0
        found = dashboards.dataset_of(project)
        assert found.uncounted == 0
        liver, spleen, _ = found.structures
        assert (liver.annotated, liver.present, liver.absent, liver.not_annotated) == (2, 2, 0, 1)
        assert (spleen.annotated, spleen.present, spleen.absent, spleen.not_annotated) == (2, 0, 2, 1)
        assert (liver.pool, liver.validation, liver.test) == (1, 0, 1)
        assert (liver.read, liver.imported) == (0, 2)

    def test_each_count_opens_its_cases(self, project: Project) -> None:
        full, empty, partial, unread = (make_case(project) for _ in range(4))
        accept(full)
        accept(empty, box(value=0))
        mask = Mask.objects.get(case=accept(partial).mask.case_id)
        Mask.objects.filter(pk=mask.pk).update(annotated=["spleen"])
        chunks.count_shown()
        rows = {row.structure: row for row in dashboards.dataset_of(project).structures}
        for key, row in rows.items():
            for shown in dashboards.SHOWN:
                listed = dashboards.listed(project, words={}, structure=key, shown=shown)
                assert listed.total == getattr(row, shown), (key, shown)
        # The liver that the last one shows was not looked at: it is neither present nor absent.
        assert (rows["liver"].present, rows["liver"].absent, rows["liver"].not_annotated) == (1, 1, 2)
        assert unread.number in [
            row.number
            for row in dashboards.listed(project, words={}, structure="liver", shown="not_annotated").rows
        ]

    def test_counting_stops_and_goes_on(self, project: Project) -> None:
        for _ in range(3):
            accepted(project)
        assert chunks.count_shown(limit_s=0) == 0
        assert chunks.count_shown() == 3
        assert [row.keys for row in ShownStructures.objects.all()] == [["liver"]] * 3

    def test_read_here_and_imported(self, project: Project, ana: Any) -> None:
        accepted(project)
        case = make_case(project)
        revision = accept(case)
        Mask.objects.filter(pk=revision.mask_id).update(kind=MaskKind.READER, author=ana)
        liver = dashboards.dataset_of(project).structures[0]
        assert (liver.read, liver.imported) == (1, 1)

    def test_published_agreement_stands_beside(self, project: Project) -> None:
        make_case(project)
        rows = {row.structure: row for row in dashboards.dataset_of(project).structures}
        kidney = rows["kidney_left"]
        assert (kidney.published_kind, kidney.published_low, kidney.published_high) == ("inter", 0.983, 0.983)
        assert kidney.published_source.startswith("Heller")
        assert kidney.published_address.startswith("https://")


class TestGoalsAndPriorities:
    def test_one_goal_at_a_time(self, project: Project) -> None:
        learning.change_goal(project=project, draft=learning.DraftGoal("liver", cases=10))
        learning.change_goal(project=project, draft=learning.DraftGoal("spleen", dice=0.9))
        learning.change_goal(project=project, draft=learning.DraftGoal("liver", cases=20))
        liver, spleen, _ = structure_rows(project)
        assert (liver.goal_cases, spleen.goal_dice) == (20, 0.9)
        learning.change_goal(project=project, draft=learning.DraftGoal("liver"))
        assert [goal.structure for goal in learning.goals(project)] == ["spleen"]
        with pytest.raises(Refused, match="one case at least"):
            learning.change_goal(project=project, draft=learning.DraftGoal("liver", cases=0))

    def test_a_priority_weighs_when_cases_are_chosen(self, project: Project) -> None:
        projects.change_priority(project=project, key="liver", priority=2)
        projects.change_priority(project=project, key="spleen", priority=-1)
        assert candidates.need_in(project, None, KEYS) == {"liver": 4.0, "spleen": 0.5, "kidney_left": 1.0}
        liver, *_ = structure_rows(project)
        assert liver.priority == 2
        with pytest.raises(Refused, match="between -1 and 2"):
            projects.change_priority(project=project, key="liver", priority=3)
        with pytest.raises(NotFound, match="no structure called moon"):
            projects.change_priority(project=project, key="moon", priority=1)


class TestSources:
    def test_structures_by_data_set(self, project: Project) -> None:
        first, second = accepted(project), make_case(project)
        from_source(first, "LiTS")
        from_source(second, "LiTS")
        lits = dashboards.dataset_of(project).sources[0]
        assert (lits.source, lits.cases, lits.non_commercial) == ("LiTS", 2, True)
        assert lits.structures == "kidney_left liver spleen"


def multiply(row: Any, times: int, **changed: str) -> None:
    """Insert so many copies of a row; `changed` are SQL expressions of their number, `n`."""
    table = row._meta.db_table
    columns = [field.column for field in row._meta.concrete_fields if not field.primary_key]
    given = ", ".join(changed.get(column, f"t.{column}") for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608 - our own words
            f"SELECT {given} FROM {table} t CROSS JOIN generate_series(2, %s) AS n WHERE t.id = %s",
            [times, row.pk],
        )


@pytest.fixture
def many(project: Project) -> Project:
    """Many cases, all of them accepted with structures that were looked at, without any voxel."""
    case = make_case(project, shape=SHAPE)
    revision = accept(case)
    numbered = f"FROM annotation_case c WHERE c.project_id = {project.pk} AND c.number = n"
    with connection.cursor() as cursor:
        # Triggers look at every single row.
        cursor.execute("SET LOCAL session_replication_role = replica")
        multiply(
            case.volume,
            CASES,
            store_key="'v/' || n",
            shape="ARRAY[512, 512, 40 + mod(n, 900)]",
            spacing_mm="ARRAY[0.7, 0.7, mod(n, 5) + 0.5]",
            header="""CASE mod(n, 7) WHEN 0 THEN '{}' ELSE jsonb_build_object(
                'manufacturer', 'maker ' || mod(n, 7), 'kernel', 'B' || mod(n, 7), 'kvp', 120) END""",
        )
        multiply(
            case,
            CASES,
            number="n",
            volume_id="(SELECT v.id FROM annotation_volume v WHERE v.store_key = 'v/' || n)",
            patient_key="'p' || n / 2",
            site="'s' || mod(n, 9)",
        )
        annotated = "(ARRAY['liver', 'spleen', 'kidney_left'])[:1 + mod(n, 3)]"
        multiply(revision.mask, CASES, case_id=f"(SELECT c.id {numbered})", annotated=annotated)
        of_case = f"(SELECT m.id FROM annotation_mask m WHERE m.case_id = (SELECT c.id {numbered}))"  # noqa: S608
        multiply(revision, CASES, mask_id=of_case)
        cursor.execute(
            "UPDATE annotation_case c SET accepted_revision_id = r.id "
            "FROM annotation_mask m JOIN annotation_revision r ON r.mask_id = m.id WHERE m.case_id = c.id"
        )
        cursor.execute(
            "INSERT INTO annotation_shownstructures (revision_id, keys, counted_at) "
            "SELECT id, ARRAY['liver', 'spleen'], now() FROM annotation_revision"
        )
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        cursor.execute("ANALYZE")
    return project


def test_patients_are_counted_alike_where_there_is_no_room_for_marks(
    many: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = dashboards.dataset_of(many)
    monkeypatch.setattr(dataset, "_MOST_MARKS", 0)
    assert dashboards.dataset_of(many) == marked
    assert {row.patients for row in marked.groups if row.what == "site"} != {CASES}


def test_many_cases_take_no_more_queries(many: Project, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(12):
        found = dashboards.dataset_of(many)
    assert (found.cases, found.patients) == (CASES, CASES // 2 + 1)
    liver, spleen, kidney = found.structures
    assert (liver.annotated, liver.present, liver.absent) == (CASES, CASES, 0)
    assert (spleen.annotated, spleen.present, spleen.not_annotated) == (2000, 2000, 1000)
    assert (kidney.annotated, kidney.present, kidney.absent) == (1001, 0, 1001)
    with django_assert_max_num_queries(12):
        dashboards.listed(many, words={"site": "s3"}, structure="spleen", shown="absent")
