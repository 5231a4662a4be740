"""A new project, and what its lead decides about it later."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.db import IntegrityError, transaction

from annotation.errors import Conflict, Forbidden, Refused
from annotation.models import Hanging, LabelSchema, Level, Membership, Project, Role
from annotation.projects.presets import preset_named
from annotation.projects.structures import insert

CREATE = "annotation.add_project"
LONGEST_NAME = 120


def may_create(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Staff, and whoever was given the permission to add projects."""
    staff = bool(getattr(user, "is_staff", False))
    return user.is_active and (staff or (isinstance(user, PermissionsMixin) and user.has_perm(CREATE)))


def require_creator(user: AbstractBaseUser | AnonymousUser) -> None:
    if not may_create(user):
        raise Forbidden("Your account may not create projects. Ask an administrator for the permission.")


@transaction.atomic
def create_project(
    *, creator: AbstractBaseUser, name: str, structures: Sequence[str], preset: str = ""
) -> Project:
    """A project with these structures (keys, or names of new ones), led by who makes it.

    `preset`: whose values its structures keep. Without structures, the first import's label maps give them.
    """
    numbers = preset_named(preset).values if preset else {}
    project = Project(name=_free_name(name))
    _keep(project)
    schema = LabelSchema.objects.create(project=project)
    insert(schema, structures, numbers)
    Membership.objects.create(project=project, user_id=creator.pk, role=Role.LEAD, level=Level.EXPERT)
    return project


@transaction.atomic
def change(
    *,
    project: Project,
    name: str | None = None,
    retrain_after: int | None = None,
    training_budget_s: int | None = None,
    hanging: Hanging | None = None,
) -> Project:
    """Its name; how many accepted cases lead to a training, and how long that may take; the layout in which
    reads open. None: as it is."""
    given: dict[str, Any] = {
        "retrain_after": retrain_after,
        "training_budget_s": training_budget_s,
        "hanging": hanging,
    }
    changed = {field: value for field, value in given.items() if value is not None}
    if name is not None and name.strip() != project.name:
        changed["name"] = _free_name(name)
    for field, value in changed.items():
        setattr(project, field, value)
    if changed:
        _keep(project, list(changed))
    return project


def _free_name(given: str) -> str:
    name = " ".join(given.split())
    if not name:
        raise Refused("Give the project a name.")
    if len(name) > LONGEST_NAME:
        raise Refused(f"The name has {len(name)} characters; at most {LONGEST_NAME} are taken.")
    if Project.objects.filter(name__iexact=name).exists():
        raise _taken(name)
    return name


def _keep(project: Project, fields: list[str] | None = None) -> None:
    """Of two who take one name at the same moment, the second is told as well."""
    try:
        with transaction.atomic():
            project.save(update_fields=fields)
    except IntegrityError as error:
        raise _taken(project.name) from error


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a project called {name} already. Choose another name.")
