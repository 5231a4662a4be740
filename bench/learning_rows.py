"""Models, scores and choices for the project of marks, as rows: what *What labels buy* is asked of.

All but the last cases of the pool are accepted, at their first read. Forty models were trained on growing
snapshots of up to all of these, scored on thirty test cases; every case was put forward three times.
"""

from django.db import connection, transaction

from annotation.models import Project
from training.metrics import METRIC_VERSION

MODELS, TESTS, CHOICES = 40, 30, 3
BASE = 50_000_000  # ids of rows made here

_STEPS = (
    """
UPDATE annotation_case SET split = 'test' WHERE project_id = {project} AND number > {cases} - {tests}
""",
    """
CREATE TEMPORARY TABLE the_accepted ON COMMIT DROP AS
SELECT DISTINCT ON (c.id) c.id AS case_id, c.number, c.split, r.id AS revision_id, a.submitted_at AS at
FROM annotation_case c JOIN annotation_assignment a ON a.case_id = c.id
JOIN annotation_revision r ON r.mask_id = a.mask_id
WHERE c.project_id = {project} ORDER BY c.id, a.id
""",
    """
UPDATE annotation_part p SET state = 'accepted', accepted_revision_id = t.revision_id
FROM the_accepted t WHERE t.case_id = p.case_id
""",
    """
UPDATE annotation_case c SET state = 'accepted', accepted_revision_id = t.revision_id, accepted_at = t.at
FROM the_accepted t WHERE t.case_id = c.id
""",
    """
INSERT INTO annotation_datasetsnapshot (id, project_id, sha256, created_at)
SELECT {base} + n, {project}, '', now() FROM generate_series(1, {models}) AS n
""",
    """
INSERT INTO annotation_snapshotitem (snapshot_id, case_id, revision_id, use)
SELECT {base} + n, t.case_id, t.revision_id, CASE t.split WHEN 'test' THEN 'test' ELSE 'train' END
FROM the_accepted t JOIN generate_series(1, {models}) AS n
  ON t.split = 'test' OR t.number <= n * {cases} / {models}
""",
    """
INSERT INTO annotation_job (id, project_id, kind, queue, ids, state, attempts, fence, nudged_at,
                            cancel_requested, progress, result, kept, error, created_at)
SELECT {base} + n, {project}, 'train', 'train', '{{}}', 'succeeded', 1, 1, now(), false, '{{}}', '{{}}',
       '{{}}', '', now()
FROM generate_series(1, {models}) AS n
""",
    """
INSERT INTO annotation_trainingrun (id, project_id, snapshot_id, job_id, trigger, seed, budget_s, network,
                                    frozen_encoder, members, code_version, volumes, created_at)
SELECT {base} + n, {project}, {base} + n, {base} + n, 'count', n, 60, 'plain_unet', false, 1, '', '{{}}',
       now()
FROM generate_series(1, {models}) AS n
""",
    """
INSERT INTO annotation_model (id, project_id, version, run_id, source, structures, licence, notes, store_key,
                              weights_sha256, plan, metric_version, state, gate, created_at)
SELECT {base} + n, {project}, 100 + n, {base} + n, 'trained', '{{}}', '', '', 'models/learned-' || n,
       repeat('0', 64), '{{}}', '{version}', 'rejected', '{{}}', now()
FROM generate_series(1, {models}) AS n
""",
    """
INSERT INTO annotation_modelscore (model_id, case_id, revision_id, structure, dice, surface_dice)
SELECT {base} + n, t.case_id, t.revision_id, e.key, d, 0.95 * d
FROM the_accepted t CROSS JOIN generate_series(1, {models}) AS n
CROSS JOIN (SELECT s.key FROM annotation_schemastructure e
            JOIN annotation_structure s ON s.id = e.structure_id
            JOIN annotation_labelschema l ON l.id = e.schema_id WHERE l.project_id = {project}) AS e
CROSS JOIN LATERAL (SELECT greatest(0, least(1, 0.9 - 0.6 * power(n * 250, -0.4) + 0.03 * (random() - 0.5)))
                    AS d WHERE n > 0 AND t.case_id > 0) AS drawn
WHERE t.split = 'test'
""",
    """
INSERT INTO annotation_acquisition (case_id, model_id, strategy, arm, score, rank, seed, at, structure)
SELECT t.case_id, {base} + n, 'clasp_pe', CASE WHEN t.number % 7 = 0 THEN 'control' ELSE 'strategy' END, 0.5,
       t.number, 1, timestamptz '2024-01-01', ''
FROM the_accepted t CROSS JOIN generate_series(1, {choices}) AS n WHERE t.split <> 'test'
""",
    """
UPDATE annotation_assignment SET created_at = submitted_at WHERE case_id IN (SELECT case_id FROM the_accepted)
""",
)


def add_models(project: Project, cases: int) -> None:
    """Needs the rows of `agreement_rows.make_marks`."""
    words = {
        "base": BASE,
        "project": project.pk,
        "cases": cases,
        "models": MODELS,
        "tests": TESTS,
        "choices": CHOICES,
        "version": METRIC_VERSION,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for step in _STEPS:
            cursor.execute(step.format(**words))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
