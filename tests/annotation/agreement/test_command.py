"""`manage.py score_agreement`: scoring a whole project as a job, stopping it, going on, recounting."""

import io

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from annotation import agreement, jobs
from annotation.errors import Conflict
from annotation.models import AgreementScore, AgreementSummary, Case, CaseSummary, Job, JobState, Project
from tests.annotation.agreement.world import counting, new_case, organs, read_by, work
from training.progress import Cancelled, Progress

pytestmark = pytest.mark.django_db


@pytest.fixture
def unscored(project: Project, ana: User, ben: User) -> list[Case]:
    """Two cases of two reads whose scores are of another day's metric, as after an update."""
    cases = [new_case(project), new_case(project)]
    for number, case in enumerate(cases):
        read_by(case, ana, organs(1 + number))
        read_by(case, ben, organs())
    work(project)
    for row in AgreementScore.objects.all():
        row.group.metric_version = "an older metric, version 1"
        row.group.save(update_fields=["metric_version"])
    return cases


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("score_agreement", *arguments, stdout=out)
    return out.getvalue()


def test_a_new_metric_is_scored_beside_the_old_one(project: Project, unscored: list[Case]) -> None:
    old = list(AgreementScore.objects.order_by("pk").values_list("pk", "dice"))
    assert said(project.name) == f"Scoring is queued as job {Job.objects.latest('pk').pk}.\n"
    reports: list[Progress] = []
    work(project, reports.append)
    job = Job.objects.latest("pk")
    assert (job.result["cases"], job.result["scores"]) == (2, 6)
    assert [(one.done, one.total) for one in reports if one.message] == [(0, 2), (1, 2)]
    assert list(AgreementScore.objects.filter(pk__in=[pk for pk, _ in old]).values_list("pk", "dice")) == old
    assert AgreementScore.objects.count() == 12
    versions = {one.metric_version for one in (agreement.by_structure(project),)}
    assert versions == {Job.objects.latest("pk").ids["all"]}
    assert len(agreement.matrix(project, version="an older metric, version 1")) == 1


def test_one_at_a_time_and_stopped_in_between(project: Project, unscored: list[Case]) -> None:
    said(project.name)
    with pytest.raises(CommandError, match="already scores this project"):
        said(project.name)
    job = Job.objects.latest("pk")
    lease = jobs.claim(job.pk)
    assert lease is not None

    def stop_at_the_second(progress: Progress) -> None:
        if progress.done == 1:
            raise Cancelled

    assert said(project.name, "--cancel") == f"Job {job.pk} is stopped; what it has scored stays.\n"
    with pytest.raises(Cancelled):
        agreement.run(job, lease, stop_at_the_second)
    jobs.stand_down(lease)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert len(counting(unscored[0])) == 6
    assert len(counting(unscored[1])) == 3
    said(project.name)
    work(project)
    assert Job.objects.latest("pk").result["scores"] == 3
    with pytest.raises(CommandError, match="No job scores this project"):
        said(project.name, "--cancel")


def test_asking_twice_is_refused_with_the_job(project: Project) -> None:
    job = agreement.request_all(project)
    with pytest.raises(Conflict) as refused:
        agreement.request_all(project)
    assert refused.value.extra == {"job": job.pk}


def test_recounting(project: Project, unscored: list[Case]) -> None:
    assert said(project.name, "--recount") == "All sums were right.\n"
    CaseSummary.objects.update(dice_sum=0)
    assert said(project.name, "--recount") == "Sums were wrong and are right now.\n"
    assert AgreementSummary.objects.exists()


def test_an_unknown_project_is_named(project: Project) -> None:
    with pytest.raises(CommandError, match=f"There is no project “Nowhere”. Projects: {project.name}."):
        said("Nowhere")
