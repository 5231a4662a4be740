"""The chain: it holds while nobody meddles, and names what somebody did."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction
from django.db.models.functions import Now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation import audit
from annotation.audit import sealing
from annotation.models import Action, AuditEvent, AuditLink

TABLES = ("annotation_auditevent", "annotation_auditlink")


@pytest.fixture
def chain(db: None) -> list[int]:
    """Seven sealed events; their ids."""
    audit.seal()
    for number in range(7):
        audit.note(Action.READ, noun="case", object_id=number, project=1, case=number, detail={"n": number})
    assert audit.seal() == 7
    return list(AuditEvent.objects.order_by("pk").values_list("pk", flat=True))[-7:]


@pytest.fixture
def meddle(db: None) -> Callable[..., None]:
    """SQL of whoever owns the tables: triggers do not stop them."""

    def run(statement: str, *values: int) -> None:
        with connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(statement, values)
            for table in TABLES:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    return run


def _faults() -> list[tuple[str, int | None]]:
    return [(fault.kind, fault.event) for fault in audit.verify().faults]


def test_an_untouched_chain_holds(chain: list[int]) -> None:
    verdict = audit.verify()
    assert (verdict.faults, verdict.waiting) == ([], 0)
    assert verdict.links == AuditLink.objects.count()
    assert verdict.head == f"{verdict.links}:{AuditLink.objects.latest('number').sha256}"


def test_sealing_again_changes_nothing(chain: list[int]) -> None:
    assert audit.seal() == 0
    audit.note(Action.READ, noun="case")
    assert audit.verify().waiting == 1
    assert audit.seal() == 1
    assert audit.verify().faults == []


@pytest.mark.parametrize(
    "column",
    [
        "actor = 99",
        "action = 'create'",
        "noun = 'mask'",
        "object = 'x'",
        "project = 2",
        '"case" = 77',
        "address = '10.0.0.9'",
        "request = 'r'",
        "route = 'r'",
        "detail = '{}'",
        "at = at + interval '1 microsecond'",
    ],
)
def test_any_changed_column_is_named(chain: list[int], meddle: Callable[..., None], column: str) -> None:
    statement = f"UPDATE annotation_auditevent SET {column} WHERE id = %s"  # noqa: S608  # of the list above
    meddle(statement, chain[3])
    assert _faults() == [("changed", chain[3])]


def test_a_removed_event_is_named(chain: list[int], meddle: Callable[..., None]) -> None:
    meddle("DELETE FROM annotation_auditevent WHERE id = %s", chain[2])
    assert _faults() == [("removed", chain[2])]


def test_an_event_removed_with_its_link_breaks_the_chain(
    chain: list[int], meddle: Callable[..., None]
) -> None:
    meddle("DELETE FROM annotation_auditlink WHERE event = %s", chain[2])
    meddle("DELETE FROM annotation_auditevent WHERE id = %s", chain[2])
    assert ("broken", chain[3]) in _faults()


def test_renumbered_links_do_not_hide_it(chain: list[int], meddle: Callable[..., None]) -> None:
    number = AuditLink.objects.get(event=chain[2]).number
    meddle("DELETE FROM annotation_auditlink WHERE number = %s", number)
    meddle("DELETE FROM annotation_auditevent WHERE id = %s", chain[2])
    for later in range(number + 1, AuditLink.objects.latest("number").number + 1):
        meddle("UPDATE annotation_auditlink SET number = number - 1 WHERE number = %s", later)
    assert _faults() == [("changed", chain[3])]


def test_an_event_put_in_later_is_named(chain: list[int], meddle: Callable[..., None]) -> None:
    meddle("UPDATE annotation_auditlink SET sealed_at = now() - interval '7 hours'")
    meddle(
        "INSERT INTO annotation_auditevent (id, at, action, noun, object, request, route, detail)"
        " VALUES (%s, now() - interval '8 hours', 'read', 'case', '', '', '', '{}')",
        min(chain) - 1_000_000,
    )
    assert _faults() == [("inserted", min(chain) - 1_000_000)]


def test_a_cut_end_shows_against_a_head_that_was_kept(chain: list[int], meddle: Callable[..., None]) -> None:
    known = audit.verify().head
    meddle("DELETE FROM annotation_auditlink WHERE event = %s", chain[-1])
    meddle("DELETE FROM annotation_auditevent WHERE id = %s", chain[-1])
    assert audit.verify().faults == []
    assert [fault.kind for fault in audit.verify(known).faults] == ["cut"]


def test_a_rewritten_chain_shows_against_a_head_that_was_kept(
    chain: list[int], meddle: Callable[..., None]
) -> None:
    known = audit.verify().head
    meddle("DELETE FROM annotation_auditlink")
    meddle("UPDATE annotation_auditevent SET actor = 99 WHERE id = %s", chain[0])
    audit.seal()
    assert audit.verify().faults == []
    assert [fault.kind for fault in audit.verify(known).faults] == ["cut"]


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noun=WORDS, detail=st.dictionaries(WORDS, st.integers(-(2**53), 2**53) | WORDS | st.booleans()))
def test_what_was_written_is_what_is_read(db: None, noun: str, detail: dict[str, int | str | bool]) -> None:
    """Postgres gives every column back as the link was computed from it."""
    audit.note(Action.READ, noun=noun, detail=detail)
    audit.seal()
    assert audit.verify().faults == []


def test_what_a_client_says_of_the_time_is_not_believed(db: None) -> None:
    row = AuditEvent(action=Action.READ, noun="case", at=Now() - timedelta(days=3))
    row.save(force_insert=True)
    row.refresh_from_db()
    assert AuditEvent.objects.filter(pk=row.pk, at__gt=Now() - timedelta(minutes=1)).exists()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {} SET event = 0", "DELETE FROM {}", "TRUNCATE {}"])
def test_triggers_refuse_even_the_owner(chain: list[int], table: str, statement: str) -> None:
    statement = statement.replace("event = 0", "noun = ''") if table == TABLES[0] else statement
    with connection.cursor() as cursor, transaction.atomic():
        # The databases of tests alone may be emptied: as the product has it, it is switched on.
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        with pytest.raises(Error, match=r"never emptied|Cannot update or delete"), transaction.atomic():
            cursor.execute(statement.format(table))


def test_the_command_says_what_does_not_fit(chain: list[int], meddle: Callable[..., None]) -> None:
    out, err = StringIO(), StringIO()
    call_command("verify_audit", stdout=out)
    assert "Head: " in out.getvalue()
    meddle("UPDATE annotation_auditevent SET actor = 5 WHERE id = %s", chain[1])
    with pytest.raises(CommandError, match="1 rows"):
        call_command("verify_audit", stdout=out, stderr=err)
    assert f"Event {chain[1]} was changed" in err.getvalue()
    said = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_audit", "--json", stdout=said)
    assert json.loads(said.getvalue())["faults"][0]["event"] == chain[1]


def test_batches_make_one_chain(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 3)
    audit.seal()
    for _ in range(8):
        audit.note(Action.READ, noun="case")
    assert audit.seal(most=100) == 8
    assert audit.verify().faults == []
