"""A project whose 10 000 cases were read three times each, as rows: what dashboards ask of it is measured.

Reader r of twelve reads case c where (r − c) mod 12 < 3, so neighbours meet; fifteen cases are read by all.
Every twentieth case is read from scratch, all others from the prediction of model 1; every twentieth is read
again by its first reader a month later. Every read of every third case is reviewed, of every thirtieth by
two, with a grade for each structure and two pins. Figures are drawn at random.
"""

from django.contrib.auth.models import User
from django.db import connection, transaction

from annotation import agreement
from annotation.agreement import charts, figures
from annotation.models import (
    AgreementGroup,
    AgreementScore,
    CalibrationCase,
    DatasetSnapshot,
    Job,
    JobKind,
    Membership,
    Model,
    ModelState,
    Project,
    Role,
    SchemaStructure,
    TrainingRun,
)
from bench.questions import Told
from bench.world import make_project
from training.metrics import METRIC_VERSION

CASES, READS, READERS, CALIBRATION = 10_000, 3, 12, 15
BASE = 10_000_000  # ids of rows made here
LEAD = "lead of marks"

_STEPS = (
    """
CREATE TEMPORARY TABLE the_read ON COMMIT DROP AS
SELECT {base} + row_number() OVER (ORDER BY c.number, s.seq, u.place) AS id, c.id AS case_id, p.id AS part_id,
       c.number, u.id AS reader_id, u.place, c.number % 20 = 0 AS scratch, s.seq,
       timestamptz '2025-01-01' + c.number * interval '50 minutes' + (s.seq - 1) * interval '30 days' AS at
FROM annotation_case c JOIN annotation_part p ON p.case_id = c.id
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place
      FROM auth_user WHERE username LIKE 'mark %') u
  ON c.number <= {calibration} OR mod(u.place + {readers} - c.number % {readers}, {readers}) < {reads}
JOIN generate_series(1, 2) AS s(seq)
  ON s.seq = 1 OR c.number % 20 = 10 AND u.place = c.number % {readers}
WHERE c.project_id = {project}
""",
    "CREATE INDEX ON the_read (case_id)",
    "ANALYZE the_read",
    """
INSERT INTO annotation_mask
    (id, kind, base_revision, head, annotated, created_at, author_id, case_id, model_id)
SELECT id, 'reader', 0, 1, ARRAY[]::varchar[], at, reader_id, case_id, NULL::bigint FROM the_read
UNION ALL SELECT 2 * {base} + number, 'model', 0, 1, ARRAY[]::varchar[], now(), NULL, id, {model}
FROM annotation_case WHERE project_id = {project}
""",
    """
INSERT INTO annotation_revision
    (id, number, kind, key, sha256, chunk_count, voxels_changed, bytes_received, created_at, mask_id)
SELECT id, 1, 'submit', gen_random_uuid(), repeat('0', 64), 0, 0, 0, created_at, id
FROM annotation_mask WHERE id >= {base}
""",
    """
INSERT INTO annotation_assignment
    (id, role, purpose, sequence_no, start_from, state, lease_until, active_seconds, created_at, submitted_at,
     updated_at, final_at, reader_id, case_id, part_id, mask_id, start_revision_id, alias, skip_reason,
     structures)
SELECT id, 'annotate',
       CASE WHEN seq = 2 THEN 'repeat' WHEN number <= {calibration} THEN 'calibration' ELSE 'overlap' END,
       seq,
       CASE WHEN scratch THEN 'scratch' ELSE 'prediction' END, 'done', at, 400, at, at, at, at, reader_id,
       case_id, part_id, id, CASE WHEN scratch THEN NULL ELSE 2 * {base} + number END,
       upper(lpad(to_hex(id - {base}), 6, '0')), '', ARRAY[]::varchar[]
FROM the_read
""",
    """
INSERT INTO annotation_readsummary
    (read_id, purpose, starts, read_at, month, active_seconds, idle_seconds, tools, volumes_ml,
     changed_voxels, moved_share, moved_mm, case_id, project_id, reader_id, revision_id)
SELECT r.id, 'overlap', CASE WHEN scratch THEN 'scratch' ELSE 'prediction:1' END, at,
       date_trunc('month', at AT TIME ZONE 'UTC')::date, 300 + (random() * 200)::int, (random() * 90)::int,
       (SELECT jsonb_object_agg(tool, jsonb_build_object(
            'seconds', random() * 60, 'edits', 9, 'added', 900, 'removed', 90))
        FROM unnest(ARRAY['brush', 'eraser', 'draw', 'interpolate', 'undo']) AS tool WHERE r.id > 0),
       (SELECT jsonb_object_agg(key, 100 + random() + r.number % 50) FROM the_structure WHERE r.id > 0),
       20000, 0.1, 0.7, case_id, {project}, reader_id, r.id
FROM the_read r
""",
    """
CREATE TEMPORARY TABLE the_review ON COMMIT DROP AS
SELECT (2 + s.place) * {base} + r.id AS id, r.id AS read_id, r.case_id, r.part_id, r.number, u.id AS judge_id,
       row_number() OVER (PARTITION BY r.case_id, u.id ORDER BY r.id) AS seq,
       r.at + s.place * interval '1 day' AS at,
       CASE WHEN random() < 0.8 THEN 'accept' WHEN random() < 0.75 THEN 'fix' ELSE 'return' END AS verdict
FROM the_read r
JOIN generate_series(0, 1) AS s(place) ON r.number % 3 = 0 AND (s.place = 0 OR r.number % 30 = 0)
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place
      FROM auth_user WHERE username LIKE 'judge %') u ON u.place = s.place
""",
    """
INSERT INTO annotation_mask
    (id, kind, base_revision, head, annotated, created_at, author_id, case_id, base_id)
SELECT id, 'reader', 1, 0, ARRAY[]::varchar[], at, judge_id, case_id, read_id FROM the_review
""",
    """
INSERT INTO annotation_assignment
    (id, role, purpose, sequence_no, start_from, state, lease_until, active_seconds, created_at, submitted_at,
     updated_at, final_at, reader_id, case_id, part_id, mask_id, start_revision_id, alias, skip_reason,
     structures, subject_id)
SELECT id, 'review', 'routine', seq, 'revision', 'done', at, 60, at, at, at, at, judge_id, case_id, part_id,
       id, read_id,
       CASE WHEN id >= 4 * {base} THEN 'S' ELSE 'R' END || upper(lpad(to_hex(read_id - {base}), 5, '0')), '',
       ARRAY[]::varchar[], read_id
FROM the_review
""",
    """
INSERT INTO annotation_review (assignment_id, revision_id, result_id, verdict, comment, created_at)
SELECT id, read_id, CASE WHEN verdict <> 'return' THEN read_id END, verdict, '', at FROM the_review
""",
    """
INSERT INTO annotation_structureverdict (assignment_id, structure, verdict, acceptability, updated_at)
SELECT v.id, s.key, v.verdict, 1 + floor(5 * sqrt(random()))::int, v.at
FROM the_review v CROSS JOIN the_structure s
""",
    """
INSERT INTO annotation_pin
    (assignment_id, review_id, structure, point_lps, error_code, state, created_by_id, created_at, updated_at)
SELECT v.read_id, v.id, s.key, ARRAY[1.0, 2.0, 3.0],
       (ARRAY['missing', 'leak', 'level', 'swap', 'boundary', 'artefact', 'other'])[1 + (v.number + n.n) % 7],
       'open', v.judge_id, v.at, v.at
FROM the_review v CROSS JOIN generate_series(1, 2) AS n
JOIN the_structure s ON s.place = (v.number / 3 + 4 * n.n) % 15
""",
)
_FIGURES = """
    CASE WHEN kind_of < 0.98 THEN greatest(0, least(1, centre + 0.04 * (random() + random() - 1))) END,
    CASE WHEN kind_of < 0.98 THEN greatest(0, least(1, centre + 0.06 * (random() + random() - 1))) END,
    CASE WHEN kind_of < 0.97 THEN 2 + 3 * random() END, CASE WHEN kind_of < 0.97 THEN 6 + 9 * random() END,
    CASE WHEN kind_of < 0.97 THEN 0.4 + random() END, 100 + 10 * random(), 100 + 10 * random(),
    CASE WHEN kind_of < 0.97 THEN 9 * random() END, CASE WHEN kind_of < 0.98 THEN 0.999 END,
    CASE WHEN kind_of < 0.97 THEN '' WHEN kind_of < 0.98 THEN 'a_empty' ELSE 'both_empty' END
"""
_COLUMNS = """
INSERT INTO annotation_agreementscore
    (dice, surface_dice, hd95_mm, hd_mm, assd_mm, volume_a_ml, volume_b_ml,
     centre_distance_mm, specificity, undefined, start_a, start_b,
     tolerance_mm, stale, read_at, at, case_id, group_id, model_id, read_a_id, read_b_id, reader_a_id,
     reader_b_id, revision_a_id, revision_b_id, start_model_a_id, start_model_b_id)
"""
_START = "CASE WHEN scratch THEN 'scratch' ELSE 'prediction' END"
_BETWEEN = """{columns}
SELECT {figures}, {start}, {start}, 3, false, at, at, case_id, group_id, NULL, a, b, reader_a, reader_b,
       a, b, {start_model}, {start_model}
FROM (SELECT a.id AS a, b.id AS b, a.reader_id AS reader_a, b.reader_id AS reader_b, a.case_id, a.scratch,
             b.at, g.id AS group_id, random() AS kind_of, 0.95 - 0.005 * s.place AS centre
      FROM the_read a JOIN the_read b ON a.case_id = b.case_id
       AND (a.seq = 1 AND b.seq = 1 AND a.reader_id < b.reader_id
            OR a.reader_id = b.reader_id AND a.seq < b.seq)
      CROSS JOIN the_structure s
      JOIN annotation_agreementgroup g ON g.structure = s.key
       AND g.kind = CASE WHEN a.reader_id = b.reader_id THEN 'intra' ELSE 'inter' END
       AND g.project_id = {project}
       AND g.starts = CASE WHEN a.scratch THEN 'scratch' ELSE 'prediction:1' END) AS pair
"""
_AGAINST = """{columns}
SELECT {figures}, {start}, '', 3, false, at, at, case_id, group_id,
       CASE WHEN kind = 'prediction' THEN {model} END, a, NULL, reader, NULL, a, other, {start_model}, NULL
FROM (SELECT a.id AS a, a.reader_id AS reader, a.case_id, a.scratch, a.at, g.id AS group_id, g.kind,
             2 * {base} + a.number AS other, random() AS kind_of, 0.93 - 0.005 * s.place AS centre
      FROM the_read a CROSS JOIN the_structure s
      JOIN annotation_agreementgroup g ON g.structure = s.key AND g.project_id = {project}
       AND (g.kind = 'prediction' AND g.starts =
                CASE WHEN a.scratch THEN 'scratch|model:1' ELSE 'prediction:1|model:1' END
         OR g.kind = 'review' AND a.number % 3 = 0 AND g.starts =
                CASE WHEN a.scratch THEN 'scratch' ELSE 'prediction:1' END
         OR g.kind = 'gold' AND a.number % 25 = 0 AND g.starts =
                CASE WHEN a.scratch THEN 'scratch' ELSE 'prediction:1' END)) AS pair
"""
_SPREADS = """
INSERT INTO annotation_surfacespread (score_id, distances_mm, areas_mm2)
SELECT s.id, (SELECT array_agg(d * 0.07) FROM generate_series(0, 120) AS d),
       (SELECT array_agg(100 * exp(-d * 0.05) * random()) FROM generate_series(0, 120) AS d WHERE s.id > 0)
FROM annotation_agreementscore s JOIN annotation_case c ON c.id = s.case_id
WHERE c.project_id = {project} AND c.number <= {calibration} AND s.reader_b_id IS NOT NULL
"""


def make_marks() -> Project:
    """The project, with sums and figures. Takes a minute or two."""
    project = make_project("marks", CASES)
    for number in range(READERS):
        user = User.objects.create(username=f"mark {number}")
        Membership.objects.create(project=project, user=user, role=Role.ANNOTATOR)
    for number in range(2):
        judge = User.objects.create(username=f"judge {number}")
        Membership.objects.create(project=project, user=judge, role=Role.REVIEWER)
    lead = User.objects.create(username=LEAD)
    Membership.objects.create(project=project, user=lead, role=Role.LEAD)
    model = _model(project)
    for case in project.cases.filter(number__lte=CALIBRATION):
        CalibrationCase.objects.create(case=case, start_from="prediction")
    _groups(project)
    _insert(project, model)
    agreement.recount(project)
    return project


def _groups(project: Project) -> None:
    from_read = ("scratch", "prediction:1")
    starts = {
        "inter": from_read,
        "intra": ("prediction:1",),
        "gold": from_read,
        "review": from_read,
        "prediction": ("scratch|model:1", "prediction:1|model:1"),
    }
    keys = SchemaStructure.objects.filter(schema__project=project).values_list("structure__key", flat=True)
    AgreementGroup.objects.bulk_create(
        AgreementGroup(
            project=project, structure=key, kind=kind, starts=start, metric_version=METRIC_VERSION, changes=1
        )
        for key in keys
        for kind, of_kind in starts.items()
        for start in of_kind
    )


def _insert(project: Project, model: Model) -> None:
    words = {
        "base": BASE,
        "project": project.pk,
        "model": model.pk,
        "calibration": CALIBRATION,
        "readers": READERS,
        "reads": READS,
        "columns": _COLUMNS,
        "figures": _FIGURES,
        "start": _START,
        "start_model": f"CASE WHEN scratch THEN NULL ELSE {model.pk} END",
    }
    structures = """
        CREATE TEMPORARY TABLE the_structure ON COMMIT DROP AS
        SELECT t.key, row_number() OVER (ORDER BY e.layer, e.value) - 1 AS place
        FROM annotation_schemastructure e JOIN annotation_structure t ON t.id = e.structure_id
        JOIN annotation_labelschema l ON l.id = e.schema_id WHERE l.project_id = {project}
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # A million rows that fit together by construction: neither history nor foreign keys are looked at.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for step in (structures, *_STEPS, _BETWEEN, _AGAINST, _SPREADS):
            cursor.execute(step.format(**words))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _model(project: Project) -> Model:
    job = Job.objects.create(project=project, kind=JobKind.TRAIN, queue="train", state="succeeded")
    run = TrainingRun.objects.create(
        project=project, snapshot=DatasetSnapshot.objects.create(project=project), job=job, budget_s=60
    )
    return Model.objects.create(
        project=project,
        version=1,
        run=run,
        store_key=f"models/marks-{project.pk}",
        weights_sha256="0" * 64,
        plan={},
        state=ModelState.SERVING,
    )


def scores_of(project: Project) -> int:
    return AgreementScore.objects.filter(group__project=project).count()


def work_out(project: Project) -> int:
    """What the worker does for all groups of the project."""
    return figures.refresh(project, patient=False)


def chart(project: Project) -> None:
    """What the worker does for the drift charts of all readers."""
    charts.keep(project, _readers())


def told(project: Project) -> Told:
    """Whom and what these rows can be asked about."""
    key = project.agreement_groups.order_by("structure").values_list("structure", flat=True)[0]
    one, other = _readers()[:2]
    model = Model.objects.filter(project=project).order_by("-version").values_list("version", flat=True)[0]
    case = project.cases.values_list("pk", flat=True)[0]
    return Told(key, "prediction:1", (one, other), model, "2025-03-01", "2025-03-03", case)


def _readers() -> list[int]:
    marks = User.objects.filter(username__startswith="mark ").order_by("pk")
    return list(marks.values_list("pk", flat=True))
