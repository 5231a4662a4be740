"""Delete the patient of a case in all projects: rows, images, exports. Without --yes only says what would go.

Ends with status 1 where a reader or a job is in the way in one of the projects; nothing is deleted there.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import retention
from annotation.errors import Refused, StoreFailed
from annotation.management.projects import project_named
from annotation.models import Case, DeletionReason, Project


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="Name or number of a project with the patient.")
        parser.add_argument("case", type=int, help="Number of one of the patient's cases there.")
        parser.add_argument("--reason", required=True, choices=DeletionReason.values)
        parser.add_argument("--yes", action="store_true", help="Delete; this cannot be undone.")
        parser.add_argument("--only-here", action="store_true", help="Leave other projects as they are.")

    def handle(self, *args: Any, **options: Any) -> None:
        project = project_named(options["project"], create=False)
        case = Case.objects.filter(project=project, number=options["case"]).first()
        if case is None:
            raise CommandError(f"{project} has no case {options['case']}.")
        projects = [project] if options["only_here"] else list(retention.projects_of(case))
        numbers = {
            one: Case.objects.filter(project=one, patient_key=case.patient_key).values_list(
                "number", flat=True
            )[0]
            for one in projects
        }
        refused = [one for one in projects if not self._handle(one, numbers[one], options)]
        if refused:
            raise CommandError(f"In {len(refused)} of {len(projects)} projects nothing was deleted.")

    def _handle(self, project: Project, number: int, options: dict[str, Any]) -> bool:
        try:
            found = retention.look(project, number)
            self._tell(project, found)
            if options["yes"]:
                retention.delete_patient(project=project, number=number, reason=options["reason"], by=None)
                self.stdout.write("  Deleted.")
            elif found.in_the_way:
                return False
        except (Refused, StoreFailed) as refused:
            self.stderr.write(f"  {refused.sentence}")
            return False
        return True

    def _tell(self, project: Project, found: retention.Found) -> None:
        numbers = ", ".join(str(case.number) for case in found.cases)
        counts, models = found.counts, ", ".join(str(one.version) for one in found.models)
        self.stdout.write(
            f"{project}: cases {numbers}; {counts['reads']} reads, {counts['revisions']} revisions, "
            f"{len(found.exports)} exports."
        )
        if models:
            self.stdout.write(f"  These models learned from the patient and stay: {models}.")
        self.stdout.write(
            f"  Not searched: {counts['uploads']} uploads that are not imported yet, "
            f"{counts['pictures']} pictures of the guideline. Backups and downloads are not reached."
        )
        for sentence in found.in_the_way:
            self.stdout.write(f"  In the way: {sentence}")
