"""Django's admin: accounts join projects and projects get their structures here. Work itself is only shown.

Reads, masks and verdicts are made by use cases alone: an edit by hand would break their history.
"""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from annotation.models import (
    Assignment,
    Case,
    Job,
    LabelSchema,
    Membership,
    Model,
    Project,
    Review,
    Revision,
    SchemaStructure,
    Structure,
)

if TYPE_CHECKING:  # Django's own classes take no type parameters at run time
    Admin = admin.ModelAdmin[Any]
    Inline = admin.TabularInline[Any, Any]
else:
    Admin = admin.ModelAdmin
    Inline = admin.TabularInline


class MembershipInline(Inline):
    model = Membership
    extra = 1
    autocomplete_fields = ("user",)


@admin.register(Project)
class ProjectAdmin(Admin):
    list_display = ("name", "retrain_after", "training_budget_s", "created_at")
    inlines = (MembershipInline,)


class SchemaStructureInline(Inline):
    model = SchemaStructure
    extra = 1
    autocomplete_fields = ("structure",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A value that stands in masks already keeps its meaning."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(LabelSchema)
class LabelSchemaAdmin(Admin):
    inlines = (SchemaStructureInline,)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Structure)
class StructureAdmin(Admin):
    list_display = ("key", "name", "side", "snomed_code", "colour", "tolerance_mm")
    search_fields = ("key", "name")


class ShownOnly(Admin):
    """To look at and to search."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Case)
class CaseAdmin(ShownOnly):
    list_display = ("number", "name", "project", "split", "state", "updated_at")
    list_filter = ("project", "split", "state")
    list_select_related = ("project",)
    search_fields = ("name",)


@admin.register(Assignment)
class AssignmentAdmin(ShownOnly):
    list_display = ("pk", "case", "reader", "role", "state", "active_seconds", "updated_at")
    list_filter = ("role", "state", "purpose")
    list_select_related = ("case__project", "reader")


@admin.register(Revision)
class RevisionAdmin(ShownOnly):
    list_display = ("pk", "mask", "number", "kind", "author", "voxels_changed", "created_at")
    list_filter = ("kind",)
    list_select_related = ("mask__case__project", "author")


@admin.register(Review)
class ReviewAdmin(ShownOnly):
    list_display = ("pk", "assignment", "verdict", "created_at")
    list_filter = ("verdict",)
    list_select_related = ("assignment__case__project", "assignment__reader")


@admin.register(Model)
class ModelAdmin(ShownOnly):
    list_display = ("version", "project", "state", "created_at")
    list_filter = ("project", "state")
    list_select_related = ("project",)


@admin.register(Job)
class JobAdmin(ShownOnly):
    list_display = ("pk", "project", "kind", "state", "attempts", "created_at", "finished_at", "error")
    list_filter = ("kind", "state")
    list_select_related = ("project",)
