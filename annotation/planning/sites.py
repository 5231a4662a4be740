"""Where scans come from, as a lead calls it: what held-out sites are made of."""

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from annotation.errors import Refused
from annotation.models import Case, Project
from annotation.sites import site_name


@transaction.atomic
def change_site(*, project: Project, cases: Collection[int], site: str) -> int:
    """Give cases (by number) a site; an empty one takes it away. How many cases that were.

    Splits stay as they are. Raises Refused for cases that are not there and for what is no name.
    """
    name = site_name(site)
    if not cases:
        raise Refused("Say which cases are of this site.")
    found = Case.objects.filter(project=project, number__in=cases)
    missing = set(cases) - set(found.values_list("number", flat=True))
    if missing:
        raise Refused(f"This project has no case {min(missing)}.")
    return found.update(site=name, updated_at=timezone.now())
