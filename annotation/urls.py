"""Every address of the API."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from annotation.api.assignments import (
    AssignmentView,
    PingView,
    ReleaseView,
    SessionsView,
    SubmitView,
    VerdictView,
)
from annotation.api.health import HealthView
from annotation.api.jobs import CancelView, JobView
from annotation.api.masks import MaskView
from annotation.api.me import CsrfView, MeView
from annotation.api.projects import CasesView, ImportsView, ProjectView, RunsView
from annotation.api.revisions import RevisionsView
from annotation.api.volumes import ZarrView
from annotation.api.worklist import NextView, WorklistView

urlpatterns = [
    path("healthz", HealthView.as_view(), name="health"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("api/csrf/", CsrfView.as_view(), name="csrf"),
    path("api/me/", MeView.as_view(), name="me"),
    path("api/projects/<int:project_id>/", ProjectView.as_view(), name="project"),
    path("api/projects/<int:project_id>/cases/", CasesView.as_view(), name="cases"),
    path("api/projects/<int:project_id>/imports/", ImportsView.as_view(), name="imports"),
    path("api/projects/<int:project_id>/runs/", RunsView.as_view(), name="runs"),
    path("api/jobs/<int:job_id>/", JobView.as_view(), name="job"),
    path("api/jobs/<int:job_id>/cancel/", CancelView.as_view(), name="cancel"),
    path("api/worklist/", WorklistView.as_view(), name="worklist"),
    path("api/worklist/next/", NextView.as_view(), name="next"),
    path("api/assignments/<int:assignment_id>/", AssignmentView.as_view(), name="assignment"),
    path("api/assignments/<int:assignment_id>/sessions/", SessionsView.as_view(), name="sessions"),
    path("api/assignments/<int:assignment_id>/revisions/", RevisionsView.as_view(), name="revisions"),
    path("api/assignments/<int:assignment_id>/submit/", SubmitView.as_view(), name="submit"),
    path("api/assignments/<int:assignment_id>/release/", ReleaseView.as_view(), name="release"),
    path("api/assignments/<int:assignment_id>/verdict/", VerdictView.as_view(), name="verdict"),
    path("api/sessions/<int:session_id>/ping/", PingView.as_view(), name="ping"),
    path("api/masks/<int:mask_id>/", MaskView.as_view(), name="mask"),
    path("api/volumes/<int:volume_id>/zarr/<path:path>", ZarrView.as_view(), name="zarr"),
]
