"""Who did what, when and from where: rows that nobody changes, and the chain that would show it.

No foreign keys: a row outlives whatever it names.
"""

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

LONGEST_NOUN = 40
LONGEST_OBJECT = 64
LONGEST_REQUEST = 64
_REFUSE = "RAISE EXCEPTION 'The audit is never emptied.';"


class Action(models.TextChoices):
    READ = "read", "read"
    CREATE = "create", "made"
    CHANGE = "change", "changed"
    DELETE = "delete", "removed"
    REFUSED = "refused", "refused"
    SIGN_IN = "sign_in", "signed in"
    SIGN_IN_FAILED = "sign_in_failed", "failed to sign in"
    SIGN_OUT = "sign_out", "signed out"
    EXPORT = "export", "exported"
    ERASE = "erase", "erased"


class AuditEvent(models.Model):
    """One thing that somebody did. Reads of one thing by one user are summed to a row a minute."""

    at = models.DateTimeField(db_default=Now(), help_text="The database's clock, whatever a client says.")
    actor = models.BigIntegerField(null=True, help_text="A user's id; null: nobody signed in, or a worker.")
    action = models.CharField(max_length=14, choices=Action.choices)
    noun = models.CharField(max_length=LONGEST_NOUN, help_text="What kind of thing: case, mask, membership …")
    object = models.CharField(max_length=LONGEST_OBJECT, default="", help_text="Its id; never a name.")
    project = models.BigIntegerField(null=True)
    case = models.BigIntegerField(null=True)
    address = models.GenericIPAddressField(null=True)
    request = models.CharField(max_length=LONGEST_REQUEST, default="", help_text="Id of the request.")
    route = models.CharField(max_length=LONGEST_NOUN, default="", help_text="Name of the address asked for.")
    detail = models.JSONField(default=dict, help_text="Columns that changed, counts, ids; names nobody.")

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=Q(action__in=Action.values), name="audit_action_known"),
        )
        indexes = (
            models.Index(fields=["project", "id"], name="audit_by_project"),
            models.Index(fields=["case", "id"], name="audit_by_case"),
            models.Index(fields=["actor", "id"], name="audit_by_actor"),
            BrinIndex(fields=["at"], name="audit_by_time"),
        )
        triggers = (
            pgtrigger.Protect(name="audit_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="audit_never_emptied",
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                level=pgtrigger.Statement,
                func=_REFUSE,
            ),
            pgtrigger.Trigger(
                name="audit_clock",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="NEW.at = clock_timestamp(); RETURN NEW;",
            ),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.noun} {self.object}".strip()


class AuditLink(models.Model):
    """A link of the chain: the SHA-256 of the link before it and of one event's content."""

    number = models.BigIntegerField(primary_key=True, help_text="1, 2, 3 … without gaps.")
    event = models.BigIntegerField(unique=True)
    sha256 = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        ordering = ("number",)
        triggers = (
            pgtrigger.Protect(name="link_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="link_never_emptied",
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                level=pgtrigger.Statement,
                func=_REFUSE,
            ),
        )

    def __str__(self) -> str:
        return f"link {self.number} over event {self.event}"
