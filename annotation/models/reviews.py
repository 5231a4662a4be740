"""What reviewers said about reads: a verdict on the whole and on each structure, and pins with threads."""

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from annotation.models.masks import Revision
from annotation.models.work import Assignment


class Verdict(models.TextChoices):
    ACCEPT = "accept", "accepted"
    FIX = "fix", "accepted with a fix"
    RETURN = "return", "returned"


class Review(models.Model):
    """A reviewer's verdict on a submitted revision, or what an adjudication settled. Append-only."""

    assignment = models.ForeignKey(Assignment, models.CASCADE, related_name="verdicts")
    revision = models.ForeignKey(
        Revision, models.PROTECT, related_name="reviews", help_text="What was judged."
    )
    result = models.ForeignKey(
        Revision, models.PROTECT, null=True, blank=True, related_name="+", help_text="What was accepted."
    )
    verdict = models.CharField(max_length=6, choices=Verdict.choices)
    comment = models.TextField(blank=True, default="", max_length=4000)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("created_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(verdict="return", result__isnull=True)
                | (~Q(verdict="return") & Q(result__isnull=False)),
                name="an_accept_names_its_result",
            ),
            models.UniqueConstraint(fields=["assignment"], name="one_verdict_per_review"),
        )
        triggers = (pgtrigger.Protect(name="review_append_only", operation=pgtrigger.Update),)

    def __str__(self) -> str:
        return f"{self.verdict} of {self.revision}"


class Acceptability(models.IntegerChoices):
    """How far a structure as it was handed in could be used in the clinic."""

    UNUSABLE = 1, "unusable: drawing anew is quicker"
    MAJOR = 2, "usable after major edits"
    MINOR = 3, "usable after minor edits that matter"
    STYLE = 4, "usable as it is: edits would be a matter of taste"
    AS_IS = 5, "usable as it is: no edits"


@pghistory.track()
class StructureVerdict(models.Model):
    """A reviewer's verdict on one structure. It may change until the review ends (it has a Review)."""

    assignment = models.ForeignKey(
        Assignment, models.CASCADE, related_name="structure_verdicts", help_text="The review."
    )
    structure = models.CharField(max_length=80, help_text="Its key.")
    verdict = models.CharField(max_length=6, choices=Verdict.choices)
    acceptability = models.PositiveSmallIntegerField(choices=Acceptability.choices, null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("assignment", "structure")
        constraints = (
            models.UniqueConstraint(fields=["assignment", "structure"], name="structure_judged_once"),
            models.CheckConstraint(condition=Q(verdict__in=Verdict.values), name="structure_verdict_known"),
            models.CheckConstraint(
                condition=Q(acceptability__isnull=True) | Q(acceptability__in=Acceptability.values),
                name="acceptability_1_to_5",
            ),
        )

    def __str__(self) -> str:
        return f"{self.structure} {self.verdict} in review {self.assignment_id}"


class ErrorCode(models.TextChoices):
    """What is wrong at a pin. Counted, so that a guideline can answer."""

    MISSING = "missing", "missing part"
    LEAK = "leak", "leak"
    LEVEL = "level", "wrong level"
    SWAP = "swap", "left–right swap"
    BOUNDARY = "boundary", "boundary"
    ARTEFACT = "artefact", "artefact"
    OTHER = "other", "other"


class PinState(models.TextChoices):
    OPEN = "open", "open"
    RESOLVED = "resolved", "resolved"


@pghistory.track()
class Pin(models.Model):
    """A place in a read that a reviewer wants looked at. Its reader sees it once the review has ended."""

    assignment = models.ForeignKey(
        Assignment, models.CASCADE, related_name="pins", help_text="The read that it is about."
    )
    review = models.ForeignKey(
        Assignment, models.CASCADE, related_name="dropped_pins", help_text="Where it was dropped."
    )
    structure = models.CharField(max_length=80, help_text="Its key.")
    point_lps = ArrayField(models.FloatField(), size=3, help_text="Millimetres.")
    error_code = models.CharField(max_length=8, choices=ErrorCode.choices)
    state = models.CharField(max_length=8, choices=PinState.choices, default=PinState.OPEN)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(condition=Q(point_lps__len=3), name="pin_lies_at_a_point"),
            models.CheckConstraint(condition=Q(error_code__in=ErrorCode.values), name="pin_code_known"),
            models.CheckConstraint(condition=Q(state__in=PinState.values), name="pin_state_known"),
        )

    def __str__(self) -> str:
        return f"{self.error_code} of {self.structure} in read {self.assignment_id}"


class PinNote(models.Model):
    """What somebody wrote at a pin. Append-only."""

    pin = models.ForeignKey(Pin, models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField(max_length=2000)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("pk",)
        constraints = (models.CheckConstraint(condition=~Q(text=""), name="pin_note_says_something"),)
        triggers = (pgtrigger.Protect(name="pin_note_append_only", operation=pgtrigger.Update),)

    def __str__(self) -> str:
        return f"note {self.pk} at pin {self.pin_id}"
