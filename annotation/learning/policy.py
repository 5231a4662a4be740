"""What a lead decides about a project."""

from annotation.models import Hanging, Project


def change(*, project: Project, retrain_after: int | None = None, hanging: Hanging | None = None) -> Project:
    """Retrain after this many newly accepted cases; open reads in this layout. None: as it is."""
    if retrain_after is not None:
        project.retrain_after = retrain_after
    if hanging is not None:
        project.hanging = hanging
    project.save(update_fields=["retrain_after", "hanging"])
    return project
