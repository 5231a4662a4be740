"""Every address of the API."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from annotation.api import dashboards
from annotation.api.adjudication import AdjudicateView, AdjudicationsView, ComponentsView
from annotation.api.agreement import (
    AgreementAnchoringView,
    AgreementCalibrationView,
    AgreementCasesView,
    AgreementDriftView,
    AgreementEffortView,
    AgreementMatrixView,
    AgreementMonthsView,
    AgreementStructuresView,
    AgreementVolumesView,
    ScoringView,
)
from annotation.api.arrivals import (
    CaseReleaseView,
    CaseRemovalView,
    CaseSliceView,
    CaseSpacingView,
    ImportSettingsView,
)
from annotation.api.assigning import AssignmentsView, DueView, PriorityView
from annotation.api.assignments import (
    AssignmentView,
    CompletedView,
    PingView,
    ReleaseView,
    SessionsView,
    SkipView,
    SubmitView,
    TakeOverView,
    UnsubmitView,
)
from annotation.api.audit import AuditFileView, AuditView
from annotation.api.benches import BenchesView, BenchResumeView, BenchStopView, BenchView
from annotation.api.branches import ApplyBranchView, BranchesView
from annotation.api.dataset import (
    CaseView,
    DatasetCasesView,
    DatasetView,
    SitesView,
    SplitApplyView,
    SplitPreviewView,
    SplitsView,
)
from annotation.api.docs import DocsView
from annotation.api.exports import ExportFileView, ExportsView, ExportView
from annotation.api.guidance import RegionsView, UncertaintyView
from annotation.api.guideline import (
    GuidelineImagesView,
    GuidelineImageView,
    GuidelineVersionsView,
    GuidelineVersionView,
    GuidelineView,
)
from annotation.api.health import HealthView
from annotation.api.history import DifferenceView, MaskRevisionsView
from annotation.api.imports import ImportFileView, ImportsView, ImportView, LooksView, LookView
from annotation.api.jobs import CancelView, JobView, RetryView
from annotation.api.learning import (
    ComparisonView,
    DecisionsView,
    GoalsView,
    PolicyView,
    PromotionView,
    RollbackView,
)
from annotation.api.looked import LookedView
from annotation.api.masks import MaskView
from annotation.api.me import CsrfView, MeView, PreferencesView
from annotation.api.measurements import MeasurementsView
from annotation.api.models import CardView, FolderView, ModelImportsView, NetworkView
from annotation.api.operations import OperationsView
from annotation.api.pins import PinNotesView, PinsView, PinView
from annotation.api.planning import (
    CalibrationView,
    ForecastView,
    GoldView,
    GroupsView,
    PlanView,
    RequirementsView,
    TolerancesView,
)
from annotation.api.presets import PresetsView
from annotation.api.projects import CasesView, ProjectsView, ProjectView
from annotation.api.proposals import AtlasesView, PredictionsView, ProposalBranchView, ProposalsView
from annotation.api.queries import QueriesView, WhatIfsView
from annotation.api.recipes import (
    CopiesView,
    RecipeProposalsView,
    RecipesView,
    RecipeView,
    ShippedRecipesView,
    ShippedRecipeView,
)
from annotation.api.retention import DeletionPreviewView, DeletionsView, StorageView
from annotation.api.reviews import JudgedView, VerdictView
from annotation.api.revisions import RestoreView, RevisionsView, UndoView
from annotation.api.runs import RunView, TrainingsView
from annotation.api.structures import LayoutView, ProjectStructuresView, ProjectStructureView, StructuresView
from annotation.api.team import (
    AcceptInvitationView,
    InvitationsView,
    InvitationView,
    MembersView,
    MemberView,
    OpenInvitationView,
    SignUpView,
)
from annotation.api.tokens import TokensView, TokenView
from annotation.api.uploads import (
    UploadedFileView,
    UploadFilesView,
    UploadImportView,
    UploadsView,
    UploadView,
)
from annotation.api.volumes import ZarrView
from annotation.api.worklist import NextView, UpcomingView, WorklistView

urlpatterns = [
    path("healthz", HealthView.as_view(), name="health"),
    path("api/operations/", OperationsView.as_view(), name="operations"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", DocsView.as_view(url_name="schema"), name="docs"),
    path("api/csrf/", CsrfView.as_view(), name="csrf"),
    path("api/me/", MeView.as_view(), name="me"),
    path("api/me/preferences/", PreferencesView.as_view(), name="preferences"),
    path("api/me/tokens/", TokensView.as_view(), name="tokens"),
    path("api/me/tokens/<int:token_id>/", TokenView.as_view(), name="token"),
    path("api/invitations/open/", OpenInvitationView.as_view(), name="open_invitation"),
    path("api/invitations/accept/", AcceptInvitationView.as_view(), name="accept_invitation"),
    path("api/invitations/sign-up/", SignUpView.as_view(), name="sign_up"),
    path("api/presets/", PresetsView.as_view(), name="presets"),
    path("api/structures/", StructuresView.as_view(), name="structures"),
    path("api/structures/layout/", LayoutView.as_view(), name="layout"),
    path("api/projects/", ProjectsView.as_view(), name="projects"),
    path("api/projects/<int:project_id>/", ProjectView.as_view(), name="project"),
    path(
        "api/projects/<int:project_id>/structures/",
        ProjectStructuresView.as_view(),
        name="project_structures",
    ),
    path(
        "api/projects/<int:project_id>/structures/<slug:key>/",
        ProjectStructureView.as_view(),
        name="project_structure",
    ),
    path("api/projects/<int:project_id>/members/", MembersView.as_view(), name="members"),
    path("api/projects/<int:project_id>/members/<int:member_id>/", MemberView.as_view(), name="member"),
    path("api/projects/<int:project_id>/invitations/", InvitationsView.as_view(), name="invitations"),
    path(
        "api/projects/<int:project_id>/invitations/<int:invitation_id>/",
        InvitationView.as_view(),
        name="invitation",
    ),
    path("api/projects/<int:project_id>/cases/", CasesView.as_view(), name="cases"),
    path("api/cases/<int:case_id>/", CaseView.as_view(), name="case"),
    path("api/projects/<int:project_id>/dataset/", DatasetView.as_view(), name="dataset"),
    path("api/projects/<int:project_id>/dataset/cases/", DatasetCasesView.as_view(), name="dataset_cases"),
    path("api/projects/<int:project_id>/sites/", SitesView.as_view(), name="sites"),
    path("api/projects/<int:project_id>/splits/", SplitsView.as_view(), name="splits"),
    path("api/projects/<int:project_id>/splits/preview/", SplitPreviewView.as_view(), name="split_preview"),
    path("api/projects/<int:project_id>/splits/apply/", SplitApplyView.as_view(), name="split_apply"),
    path("api/projects/<int:project_id>/atlases/", AtlasesView.as_view(), name="atlases"),
    path("api/cases/<int:case_id>/predictions/", PredictionsView.as_view(), name="predictions"),
    path("api/cases/<int:case_id>/release/", CaseReleaseView.as_view(), name="case_release"),
    path("api/cases/<int:case_id>/remove/", CaseRemovalView.as_view(), name="case_removal"),
    path("api/cases/<int:case_id>/slices/<int:k>/", CaseSliceView.as_view(), name="case_slice"),
    path("api/cases/<int:case_id>/spacing/", CaseSpacingView.as_view(), name="case_spacing"),
    path("api/recipes/", ShippedRecipesView.as_view(), name="shipped_recipes"),
    path("api/recipes/<slug:key>/", ShippedRecipeView.as_view(), name="shipped_recipe"),
    path("api/projects/<int:project_id>/recipes/", RecipesView.as_view(), name="recipes"),
    path(
        "api/projects/<int:project_id>/recipes/proposals/",
        RecipeProposalsView.as_view(),
        name="recipe_proposals",
    ),
    path("api/projects/<int:project_id>/recipes/<int:recipe_id>/", RecipeView.as_view(), name="recipe"),
    path("api/projects/<int:project_id>/copies/", CopiesView.as_view(), name="copies"),
    path("api/projects/<int:project_id>/imports/", ImportsView.as_view(), name="imports"),
    path(
        "api/projects/<int:project_id>/import-settings/", ImportSettingsView.as_view(), name="import_settings"
    ),
    path("api/projects/<int:project_id>/imports/look/", LooksView.as_view(), name="looks"),
    path("api/projects/<int:project_id>/imports/look/<int:job_id>/", LookView.as_view(), name="look"),
    path("api/projects/<int:project_id>/imports/<int:job_id>/", ImportView.as_view(), name="import"),
    path(
        "api/projects/<int:project_id>/imports/<int:job_id>/file/",
        ImportFileView.as_view(),
        name="import_file",
    ),
    path("api/projects/<int:project_id>/uploads/", UploadsView.as_view(), name="uploads"),
    path("api/uploads/<uuid:upload_id>/", UploadView.as_view(), name="upload"),
    path("api/uploads/<uuid:upload_id>/import/", UploadImportView.as_view(), name="upload_import"),
    path("api/uploads/<uuid:upload_id>/files/", UploadFilesView.as_view(), name="upload_files"),
    path("api/uploads/files/<uuid:file_id>/", UploadedFileView.as_view(), name="uploaded_file"),
    path("api/projects/<int:project_id>/runs/", TrainingsView.as_view(), name="runs"),
    path("api/runs/<int:run_id>/", RunView.as_view(), name="run"),
    path("api/projects/<int:project_id>/policy/", PolicyView.as_view(), name="policy"),
    path("api/projects/<int:project_id>/goals/", GoalsView.as_view(), name="goals"),
    path("api/projects/<int:project_id>/decisions/", DecisionsView.as_view(), name="decisions"),
    path("api/projects/<int:project_id>/models/imports/", ModelImportsView.as_view(), name="model_imports"),
    path("api/projects/<int:project_id>/models/<int:version>/card/", CardView.as_view(), name="model_card"),
    path(
        "api/projects/<int:project_id>/models/<int:version>/folder/",
        FolderView.as_view(),
        name="model_folder",
    ),
    path(
        "api/projects/<int:project_id>/models/<int:version>/network/",
        NetworkView.as_view(),
        name="model_network",
    ),
    path("api/projects/<int:project_id>/rollback/", RollbackView.as_view(), name="rollback"),
    path(
        "api/projects/<int:project_id>/models/<int:version>/comparison/",
        ComparisonView.as_view(),
        name="comparison",
    ),
    path(
        "api/projects/<int:project_id>/models/<int:version>/promotion/",
        PromotionView.as_view(),
        name="promotion",
    ),
    path("api/projects/<int:project_id>/scoring/", ScoringView.as_view(), name="scoring"),
    path(
        "api/projects/<int:project_id>/agreement/structures/",
        AgreementStructuresView.as_view(),
        name="agreement_structures",
    ),
    path(
        "api/projects/<int:project_id>/agreement/matrix/",
        AgreementMatrixView.as_view(),
        name="agreement_matrix",
    ),
    path(
        "api/projects/<int:project_id>/agreement/volumes/",
        AgreementVolumesView.as_view(),
        name="agreement_volumes",
    ),
    path(
        "api/projects/<int:project_id>/agreement/anchoring/",
        AgreementAnchoringView.as_view(),
        name="agreement_anchoring",
    ),
    path(
        "api/projects/<int:project_id>/agreement/drift/",
        AgreementDriftView.as_view(),
        name="agreement_drift",
    ),
    path(
        "api/projects/<int:project_id>/agreement/calibration/",
        AgreementCalibrationView.as_view(),
        name="agreement_calibration",
    ),
    path(
        "api/projects/<int:project_id>/agreement/effort/",
        AgreementEffortView.as_view(),
        name="agreement_effort",
    ),
    path(
        "api/projects/<int:project_id>/agreement/months/",
        AgreementMonthsView.as_view(),
        name="agreement_months",
    ),
    path(
        "api/projects/<int:project_id>/agreement/cases/",
        AgreementCasesView.as_view(),
        name="agreement_cases",
    ),
    path("api/projects/<int:project_id>/guideline/", GuidelineView.as_view(), name="guideline"),
    path(
        "api/projects/<int:project_id>/guideline/versions/",
        GuidelineVersionsView.as_view(),
        name="guideline_versions",
    ),
    path(
        "api/projects/<int:project_id>/guideline/versions/<int:version>/",
        GuidelineVersionView.as_view(),
        name="guideline_version",
    ),
    path(
        "api/projects/<int:project_id>/guideline/images/",
        GuidelineImagesView.as_view(),
        name="guideline_images",
    ),
    path(
        "api/projects/<int:project_id>/guideline/images/<int:image_id>/",
        GuidelineImageView.as_view(),
        name="guideline_image",
    ),
    *dashboards.addresses(),
    path("api/projects/<int:project_id>/assignments/", AssignmentsView.as_view(), name="assignments"),
    path("api/projects/<int:project_id>/due/", DueView.as_view(), name="due"),
    path("api/projects/<int:project_id>/priority/", PriorityView.as_view(), name="priority"),
    path("api/projects/<int:project_id>/reliability/", PlanView.as_view(), name="reliability"),
    path(
        "api/projects/<int:project_id>/reliability/forecast/",
        ForecastView.as_view(),
        name="reliability_forecast",
    ),
    path("api/projects/<int:project_id>/groups/", GroupsView.as_view(), name="groups"),
    path("api/projects/<int:project_id>/requirements/", RequirementsView.as_view(), name="requirements"),
    path("api/projects/<int:project_id>/tolerances/", TolerancesView.as_view(), name="tolerances"),
    path("api/projects/<int:project_id>/calibration/", CalibrationView.as_view(), name="calibration"),
    path("api/projects/<int:project_id>/gold/", GoldView.as_view(), name="gold"),
    path("api/projects/<int:project_id>/queries/", QueriesView.as_view(), name="queries"),
    path("api/projects/<int:project_id>/audit/", AuditView.as_view(), name="audit"),
    path("api/projects/<int:project_id>/audit/file/", AuditFileView.as_view(), name="audit_file"),
    path("api/projects/<int:project_id>/storage/", StorageView.as_view(), name="storage"),
    path("api/projects/<int:project_id>/deletions/", DeletionsView.as_view(), name="deletions"),
    path(
        "api/projects/<int:project_id>/deletions/preview/<int:number>/",
        DeletionPreviewView.as_view(),
        name="deletion_preview",
    ),
    path("api/projects/<int:project_id>/exports/", ExportsView.as_view(), name="exports"),
    path("api/projects/<int:project_id>/exports/<int:export_id>/", ExportView.as_view(), name="export"),
    path(
        "api/projects/<int:project_id>/exports/<int:export_id>/file/",
        ExportFileView.as_view(),
        name="export_file",
    ),
    path("api/projects/<int:project_id>/benches/", BenchesView.as_view(), name="benches"),
    path("api/projects/<int:project_id>/benches/<int:bench_id>/", BenchView.as_view(), name="bench"),
    path(
        "api/projects/<int:project_id>/benches/<int:bench_id>/stop/",
        BenchStopView.as_view(),
        name="bench_stop",
    ),
    path(
        "api/projects/<int:project_id>/benches/<int:bench_id>/resume/",
        BenchResumeView.as_view(),
        name="bench_resume",
    ),
    path("api/projects/<int:project_id>/what-if/", WhatIfsView.as_view(), name="what_if"),
    path("api/jobs/<int:job_id>/", JobView.as_view(), name="job"),
    path("api/jobs/<int:job_id>/cancel/", CancelView.as_view(), name="cancel"),
    path("api/jobs/<int:job_id>/retry/", RetryView.as_view(), name="retry"),
    path("api/worklist/", WorklistView.as_view(), name="worklist"),
    path("api/worklist/next/", NextView.as_view(), name="next"),
    path("api/worklist/upcoming/", UpcomingView.as_view(), name="upcoming"),
    path("api/assignments/<int:assignment_id>/", AssignmentView.as_view(), name="assignment"),
    path("api/assignments/<int:assignment_id>/sessions/", SessionsView.as_view(), name="sessions"),
    path("api/assignments/<int:assignment_id>/revisions/", RevisionsView.as_view(), name="revisions"),
    path("api/assignments/<int:assignment_id>/restore/", RestoreView.as_view(), name="restore"),
    path("api/assignments/<int:assignment_id>/undo/", UndoView.as_view(), name="undo"),
    path("api/assignments/<int:assignment_id>/branches/", BranchesView.as_view(), name="branches"),
    path("api/assignments/<int:assignment_id>/proposals/", ProposalsView.as_view(), name="proposals"),
    path(
        "api/assignments/<int:assignment_id>/proposals/branch/",
        ProposalBranchView.as_view(),
        name="proposal_branch",
    ),
    path("api/assignments/<int:assignment_id>/looked/", LookedView.as_view(), name="looked"),
    path(
        "api/assignments/<int:assignment_id>/measurements/", MeasurementsView.as_view(), name="measurements"
    ),
    path("api/assignments/<int:assignment_id>/completed/", CompletedView.as_view(), name="completed"),
    path("api/assignments/<int:assignment_id>/submit/", SubmitView.as_view(), name="submit"),
    path("api/assignments/<int:assignment_id>/release/", ReleaseView.as_view(), name="release"),
    path("api/assignments/<int:assignment_id>/skip/", SkipView.as_view(), name="skip"),
    path("api/assignments/<int:assignment_id>/unsubmit/", UnsubmitView.as_view(), name="unsubmit"),
    path("api/assignments/<int:assignment_id>/take-over/", TakeOverView.as_view(), name="take_over"),
    path("api/assignments/<int:assignment_id>/verdict/", VerdictView.as_view(), name="verdict"),
    path("api/assignments/<int:assignment_id>/judged/", JudgedView.as_view(), name="judged"),
    path("api/assignments/<int:assignment_id>/pins/", PinsView.as_view(), name="pins"),
    path("api/assignments/<int:assignment_id>/components/", ComponentsView.as_view(), name="components"),
    path("api/assignments/<int:assignment_id>/adjudicate/", AdjudicateView.as_view(), name="adjudicate"),
    path("api/projects/<int:project_id>/adjudications/", AdjudicationsView.as_view(), name="adjudications"),
    path("api/pins/<int:pin_id>/", PinView.as_view(), name="pin"),
    path("api/pins/<int:pin_id>/notes/", PinNotesView.as_view(), name="pin_notes"),
    path("api/sessions/<int:session_id>/ping/", PingView.as_view(), name="ping"),
    path("api/masks/<str:mask_id>/", MaskView.as_view(), name="mask"),
    path("api/masks/<str:mask_id>/revisions/", MaskRevisionsView.as_view(), name="mask_revisions"),
    path("api/masks/<str:mask_id>/difference/", DifferenceView.as_view(), name="difference"),
    path("api/masks/<str:mask_id>/regions/", RegionsView.as_view(), name="regions"),
    path("api/masks/<str:mask_id>/uncertainty/", UncertaintyView.as_view(), name="uncertainty"),
    path("api/branches/<str:mask_id>/apply/", ApplyBranchView.as_view(), name="apply_branch"),
    path("api/volumes/<str:volume_id>/zarr/<path:path>", ZarrView.as_view(), name="zarr"),
]
