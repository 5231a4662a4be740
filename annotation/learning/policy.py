"""What a lead decides about the loop."""

from annotation.models import Project


def retrain_after(*, project: Project, cases: int) -> Project:
    """Retrain after this many newly accepted cases."""
    project.retrain_after = cases
    project.save(update_fields=["retrain_after"])
    return project
