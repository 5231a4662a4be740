"""Which data set a case came from: written with the case, shown with it, cited in every export."""

from annotation.ingest.reports import described
from annotation.models import Case, CaseSource, DataSource
from annotation.recipes import Recipe


def remember(case: Case, recipe: Recipe) -> CaseSource:
    """Keep which data set a case came from, in the caller's transaction."""
    source, _ = DataSource.objects.get_or_create(**described(recipe))
    return CaseSource.objects.create(case=case, source=source)
