"""The audit: its two tables, and triggers that note every write to what hangs on a case, a project or a sign-in."""

import django.contrib.postgres.indexes
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

# Columns that change all day by themselves and say nothing of what somebody did.
QUIET = ("updated_at", "lease_until", "active_seconds", "seen_at", "head", "last_login", "last_used_at")

# How the case of a row is found; each is a query over the row `r`.
ITSELF = "SELECT r.project_id, r.id"
OF_CASE = "SELECT c.project_id, c.id FROM annotation_case c WHERE c.id = r.case_id"
OF_MASK = "SELECT c.project_id, c.id FROM annotation_mask m JOIN annotation_case c ON c.id = m.case_id WHERE m.id = r.mask_id"
OF_READ = (
    "SELECT c.project_id, c.id FROM annotation_assignment a JOIN annotation_case c ON c.id = a.case_id"
    " WHERE a.id = r.assignment_id"
)
OF_PIN = (
    "SELECT c.project_id, c.id FROM annotation_pin p JOIN annotation_assignment a ON a.id = p.assignment_id"
    " JOIN annotation_case c ON c.id = a.case_id WHERE p.id = r.pin_id"
)
OF_VOLUME = "SELECT c.project_id, c.id FROM annotation_case c WHERE c.volume_id = r.{} ORDER BY c.id LIMIT 1"
OF_PROJECT = "SELECT r.project_id, NULL::bigint"
PROJECT = "SELECT r.id, NULL::bigint"
OF_SCHEMA = "SELECT s.project_id, NULL::bigint FROM annotation_labelschema s WHERE s.id = r.schema_id"
OF_MODEL = "SELECT m.project_id, NULL::bigint FROM annotation_model m WHERE m.id = r.model_id"
NOWHERE = "SELECT NULL::bigint, NULL::bigint"

# table: (what it is called, how its project and case are found, column that identifies a row)
TRACKED = {
    "annotation_case": ("case", ITSELF, "id"),
    "annotation_part": ("part", OF_CASE, "id"),
    "annotation_mask": ("mask", OF_CASE, "id"),
    "annotation_revision": ("revision", OF_MASK, "id"),
    "annotation_assignment": ("assignment", OF_CASE, "id"),
    "annotation_review": ("review", OF_READ, "id"),
    "annotation_structureverdict": ("verdict", OF_READ, "id"),
    "annotation_pin": ("pin", OF_READ, "id"),
    "annotation_pinnote": ("pin note", OF_PIN, "id"),
    "annotation_measurement": ("measurement", OF_READ, "id"),
    "annotation_branch": ("branch", OF_READ, "mask_id"),
    "annotation_prediction": ("prediction", OF_CASE, "id"),
    "annotation_casesource": ("source", OF_CASE, "case_id"),
    "annotation_release": ("release", OF_CASE, "id"),
    "annotation_goldcase": ("gold case", OF_CASE, "id"),
    "annotation_calibrationcase": ("calibration case", OF_CASE, "id"),
    "annotation_volume": ("volume", OF_VOLUME.format("id"), "id"),
    "annotation_givenspacing": ("spacing", OF_VOLUME.format("volume_id"), "id"),
    "annotation_project": ("project", PROJECT, "id"),
    "annotation_membership": ("membership", OF_PROJECT, "id"),
    "annotation_invitation": ("invitation", OF_PROJECT, "id"),
    "annotation_export": ("export", OF_PROJECT, "id"),
    "annotation_upload": ("upload", OF_PROJECT, "id"),
    "annotation_guidelineversion": ("guideline", OF_PROJECT, "id"),
    "annotation_learningpolicy": ("learning policy", OF_PROJECT, "id"),
    "annotation_reliabilityplan": ("reliability plan", OF_PROJECT, "id"),
    "annotation_splitchange": ("split change", OF_PROJECT, "id"),
    "annotation_schemastructure": ("structure", OF_SCHEMA, "id"),
    "annotation_modeldecision": ("model decision", OF_MODEL, "id"),
    "annotation_apitoken": ("token", NOWHERE, "id"),
    "auth_user": ("account", NOWHERE, "id"),
    "mfa_authenticator": ("second factor", NOWHERE, "id"),
    "socialaccount_socialaccount": ("single sign-on", NOWHERE, "id"),
}

# Who, from where and in which request stands in the context that pghistory sets for every statement.
NOTE = """
CREATE FUNCTION annotation_audit_note(
    action text, noun text, object text, project bigint, of_case bigint, detail jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    context jsonb := coalesce(nullif(current_setting('pghistory.context_metadata', true), ''), '{}')::jsonb;
BEGIN
    IF context ? 'job' THEN
        detail := detail || jsonb_build_object('job', context -> 'job');
    END IF;
    INSERT INTO annotation_auditevent (
        at, actor, action, noun, object, project, "case", address, request, route, detail
    ) VALUES (
        clock_timestamp(), (context ->> 'user')::bigint, action, noun, object, project, of_case,
        (context ->> 'address')::inet, coalesce(context ->> 'request', ''), '', detail
    );
END;
$$;
"""
NO_NOTE = "DROP FUNCTION annotation_audit_note(text, text, text, bigint, bigint, jsonb);"

TRIGGER = """
CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    r {table}%ROWTYPE;
    changed jsonb;
    project bigint;
    of_case bigint;
    detail jsonb := '{{}}'::jsonb;
BEGIN
    IF TG_OP = 'DELETE' THEN r := OLD; ELSE r := NEW; END IF;
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_agg(n.key ORDER BY n.key) INTO changed
        FROM jsonb_each(to_jsonb(NEW)) n, to_jsonb(OLD) o
        WHERE n.value IS DISTINCT FROM o -> n.key AND n.key <> ALL (ARRAY[{quiet}]);
        IF changed IS NULL THEN
            RETURN NULL;
        END IF;
        detail := jsonb_build_object('columns', changed);
    END IF;
    {place} INTO project, of_case;
    PERFORM annotation_audit_note(
        CASE TG_OP WHEN 'INSERT' THEN 'create' WHEN 'UPDATE' THEN 'change' ELSE 'delete' END,
        '{noun}', r.{key}::text, project, of_case, detail
    );
    RETURN NULL;
END;
$$;
CREATE TRIGGER {function} AFTER INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {function}();
"""
NO_TRIGGER = "DROP TRIGGER {function} ON {table}; DROP FUNCTION {function}();"


def tracked(table: str, noun: str, place: str, key: str) -> migrations.RunSQL:
    """The trigger of one table."""
    words = {"table": table, "function": f"audit_{table}", "noun": noun, "place": place, "key": key}
    quiet = ", ".join(f"'{column}'" for column in QUIET)
    return migrations.RunSQL(TRIGGER.format(**words, quiet=quiet), NO_TRIGGER.format(**words))


class Migration(migrations.Migration):

    dependencies = [
        ("annotation", "0034_cubes"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text="The database's clock, whatever a client says.")),
                ('actor', models.BigIntegerField(help_text="A user's id; null: nobody signed in, or a worker.", null=True)),
                ('action', models.CharField(choices=[('read', 'read'), ('create', 'made'), ('change', 'changed'), ('delete', 'removed'), ('refused', 'refused'), ('sign_in', 'signed in'), ('sign_in_failed', 'failed to sign in'), ('sign_out', 'signed out'), ('export', 'exported'), ('erase', 'erased')], max_length=14)),
                ('noun', models.CharField(help_text='What kind of thing: case, mask, membership …', max_length=40)),
                ('object', models.CharField(default='', help_text='Its id; never a name.', max_length=64)),
                ('project', models.BigIntegerField(null=True)),
                ('case', models.BigIntegerField(null=True)),
                ('address', models.GenericIPAddressField(null=True)),
                ('request', models.CharField(default='', help_text='Id of the request.', max_length=64)),
                ('route', models.CharField(default='', help_text='Name of the address asked for.', max_length=40)),
                ('detail', models.JSONField(default=dict, help_text='Columns that changed, counts, ids; names nobody.')),
            ],
            options={
                'ordering': ('-id',),
            },
        ),
        migrations.CreateModel(
            name='AuditLink',
            fields=[
                ('number', models.BigIntegerField(help_text='1, 2, 3 … without gaps.', primary_key=True, serialize=False)),
                ('event', models.BigIntegerField(unique=True)),
                ('sha256', models.CharField(max_length=64)),
                ('sealed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), db_index=True)),
            ],
            options={
                'ordering': ('number',),
            },
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['project', 'id'], name='audit_by_project'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['case', 'id'], name='audit_by_case'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['actor', 'id'], name='audit_by_actor'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=django.contrib.postgres.indexes.BrinIndex(fields=['at'], name='audit_by_time'),
        ),
        migrations.AddConstraint(
            model_name='auditevent',
            constraint=models.CheckConstraint(condition=models.Q(('action__in', ['read', 'create', 'change', 'delete', 'refused', 'sign_in', 'sign_in_failed', 'sign_out', 'export', 'erase'])), name='audit_action_known'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditevent',
            trigger=pgtrigger.compiler.Trigger(name='audit_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='6b5da24d9b563a4d953e0f1a698501861d192e51', operation='UPDATE OR DELETE', pgid='pgtrigger_audit_append_only_eff03', table='annotation_auditevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditevent',
            trigger=pgtrigger.compiler.Trigger(name='audit_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'The audit is never emptied.';", hash='816461bbb274242256342d24cd2d6eb4e166cdfa', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_never_emptied_f69b2', table='annotation_auditevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditevent',
            trigger=pgtrigger.compiler.Trigger(name='audit_clock', sql=pgtrigger.compiler.UpsertTriggerSql(func='NEW.at = clock_timestamp(); RETURN NEW;', hash='6e108d30a3b7c67dcdbd44f17278bdeee59bd29d', operation='INSERT', pgid='pgtrigger_audit_clock_f78b8', table='annotation_auditevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditlink',
            trigger=pgtrigger.compiler.Trigger(name='link_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='ec9200fb9ae95d2d4b9bfa9e96ee13ea319def9f', operation='UPDATE OR DELETE', pgid='pgtrigger_link_append_only_3dafb', table='annotation_auditlink', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditlink',
            trigger=pgtrigger.compiler.Trigger(name='link_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'The audit is never emptied.';", hash='790f852a65e9ab6679de5fe21912a3da5a553207', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_link_never_emptied_c467c', table='annotation_auditlink', when='BEFORE')),
        ),
        migrations.RunSQL(NOTE, NO_NOTE),
        *(tracked(table, *how) for table, how in TRACKED.items()),
    ]
