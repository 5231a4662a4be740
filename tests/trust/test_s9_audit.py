"""S9: every read and write of a case leaves a row that the product's own role cannot touch again."""

import json
import statistics
import time
import uuid
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from annotation import access, audit
from annotation.models import Action, Assignment, AuditEvent, Project
from tests.annotation.access_world import begin_world
from tests.annotation.factories import make_model, make_read, pack
from tests.annotation.test_access import TABLE
from tests.trust.figures import record

pytestmark = pytest.mark.trust
OF_A_CASE = {"assignment_id", "case_id", "mask_id", "volume_id", "pin_id"}
ATTACKS = (
    "UPDATE {table} SET {column} = ''",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "DROP TABLE {table}",
    "CREATE OR REPLACE RULE hush AS ON INSERT TO {table} DO INSTEAD NOTHING",
)


@pytest.fixture(autouse=True)
def _nothing_seen_yet() -> None:
    audit.forget()


@pytest.fixture
def read(ana: User, project: Project) -> Assignment:
    make_model(project)
    return make_read(ana, project)


def test_every_address_of_a_case_leaves_a_row(
    ana: User, ben: User, rui: User, lea: User, otto: User, project: Project, other_project: Project
) -> None:
    """Those that the table of rights knows: an address without a row there fails already."""
    world = begin_world([ana, ben, rui, lea, otto], project, other_project)
    tried, missing = 0, []
    for row in TABLE:
        actor = next((name for name in ("ana", "rui", "lea") if row.expected(name) == 200), None)
        if row.method != "GET" or actor is None or OF_A_CASE.isdisjoint(row.arguments(world)):
            continue
        audit.forget()
        newest = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        row.send(world, actor)
        tried += 1
        read = AuditEvent.objects.filter(pk__gt=newest, action=Action.READ, case__isnull=False)
        if not read.filter(actor__isnull=False, address="127.0.0.1").exists():
            missing.append(row.words())
    record(
        "S9",
        "every address that shows something of a case, asked once: rows with who, what, when, from where",
        f"{tried - len(missing)} of {tried}" + (f", without: {missing}" if missing else ""),
        met=not missing and tried >= 15,
    )


def test_every_saved_stroke_leaves_a_row(read: Assignment, ana: User) -> None:
    client, saves = Client(), 20
    client.force_login(ana)
    for number in range(saves):
        _save(client, read, number)
    rows = AuditEvent.objects.filter(noun="revision", case=read.case_id, actor=ana.pk, action=Action.CREATE)
    record(
        "S9",
        f"{saves} saves by one reader: rows with who, what, when, from where",
        f"{rows.filter(address='127.0.0.1').count()}",
        met=rows.filter(address="127.0.0.1").count() == saves,
    )


def _save(client: Client, read: Assignment, number: int) -> None:
    meta = {"base_revision": number, "key": str(uuid.uuid4()), "session": None, "events": []}
    edits = SimpleUploadedFile("edits.gz", pack([(0, 1, [(number, 1, 1)])]))
    answer = client.post(
        reverse("revisions", kwargs={"assignment_id": read.pk}), {"meta": json.dumps(meta), "edits": edits}
    )
    assert answer.status_code == 201, answer.content


def test_noting_costs_a_save_and_a_slab_less_than_a_millisecond(read: Assignment, ana: User) -> None:
    """Of a save: the trigger. Of a slab: the door, which has noted its case within the minute."""
    times = []
    with connection.cursor() as cursor:
        for _ in range(200):
            began = time.perf_counter()
            cursor.execute("SELECT annotation_audit_note('create', 'revision', '1', 1, 1, '{}')")
            times.append(time.perf_counter() - began)
    client, namer = Client(), access.namer_for(ana, read)
    client.force_login(ana)
    url = reverse("zarr", kwargs={"volume_id": namer.volume(read.case.volume_id), "path": "zarr.json"})
    client.get(url)
    before = AuditEvent.objects.count()
    for _ in range(50):
        client.get(url)
    written = AuditEvent.objects.count() - before
    ms = 1000 * statistics.median(times)
    record(
        "S9",
        "added to a save (median of 200); rows for 50 slabs of a scan within a minute of the first",
        f"{ms:.2f} ms; {written}",
        met=ms < 1.0 and written == 0,
    )


@pytest.fixture
def app_role(transactional_db: None) -> Iterator[str]:
    """A role as production has it: signs in by itself and owns nothing."""
    name = f"app_{uuid.uuid4().hex[:8]}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'only here'")
    call_command("grant_roles", app=name)
    yield name
    with connection.cursor() as cursor:
        cursor.execute(f"DROP OWNED BY {name}")
        cursor.execute(f"DROP ROLE {name}")


@pytest.mark.django_db(transaction=True)
def test_the_products_role_adds_to_the_audit_and_no_more(app_role: str) -> None:
    where = settings.DATABASES["default"] | {"NAME": connection.settings_dict["NAME"]}
    opened = psycopg2.connect(
        host=where["HOST"], port=where["PORT"], dbname=where["NAME"], user=app_role, password="only here"
    )
    opened.autocommit = True
    refused, tried = 0, 0
    with closing(opened), opened.cursor() as cursor:
        cursor.execute("INSERT INTO annotation_project (name, created_at) SELECT 'x', now() WHERE false")
        cursor.execute(
            "INSERT INTO annotation_auditevent (action, noun, object, request, route, detail)"
            " VALUES ('read', 'case', '', '', '', '{}') RETURNING at"
        )
        assert cursor.fetchone() is not None
        for table, column in (("annotation_auditevent", "noun"), ("annotation_auditlink", "sha256")):
            for attack in ATTACKS:
                tried += 1
                try:
                    cursor.execute(attack.format(table=table, column=column))
                except psycopg2.errors.InsufficientPrivilege:
                    refused += 1
    record(
        "S9",
        "the product's database role tries to change, delete, empty, drop, disable or divert the audit",
        f"{refused} of {tried} refused by Postgres",
        met=refused == tried,
    )


@pytest.mark.django_db(transaction=True)
def test_the_product_runs_as_that_role(app_role: str, read: Assignment) -> None:
    """A save, with its triggers, under the rights of the second role."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {app_role}")
        audit.note(Action.READ, noun="case", case=read.case_id)
        access.assignment_for(read.reader, read.pk)
        Assignment.objects.filter(pk=read.pk).update(alias="ABCDEF")
        audit.seal()
        cursor.execute("RESET ROLE")
    assert AuditEvent.objects.filter(noun="assignment", object=str(read.pk), action=Action.CHANGE).exists()
    assert audit.verify().faults == []


@pytest.mark.parametrize("role", ["nobody_at_all", "owner"])
def test_roles_that_nothing_can_be_kept_from_are_refused(db: None, role: str) -> None:
    name = str(connection.settings_dict["USER"]) if role == "owner" else role
    with pytest.raises(CommandError, match=r"There is no role|nothing can be kept"):
        call_command("grant_roles", app=name)


def test_tampering_is_found(db: None) -> None:
    for number in range(1000):
        audit.note(Action.READ, noun="case", object_id=number)
    audit.seal()
    ids = list(AuditEvent.objects.order_by("pk").values_list("pk", flat=True))[-1000:]
    with connection.cursor() as cursor:
        for table in ("annotation_auditevent", "annotation_auditlink"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("UPDATE annotation_auditevent SET actor = 1 WHERE id = ANY(%s)", [ids[10:20]])
        cursor.execute("DELETE FROM annotation_auditevent WHERE id = ANY(%s)", [ids[500:510]])
    began = time.perf_counter()
    found = {(fault.kind, fault.event) for fault in audit.verify().faults}
    seconds = time.perf_counter() - began
    meant = {("changed", pk) for pk in ids[10:20]} | {("removed", pk) for pk in ids[500:510]}
    record(
        "S9",
        "verify_audit over 1000 events of which the owner changed 10 and removed 10",
        f"{len(found & meant)} named, {len(found - meant)} false; {seconds * 1000:.0f} ms",
        met=found == meant,
    )
