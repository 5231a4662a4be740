"""A project: its state at a glance, its cases, imports and trainings."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, guidelines, ingest, learning, projects, worklist
from annotation.api.base import ApiView, UploadView, answers, signed_in
from annotation.api.shapes import JobOut, StructureOut
from annotation.api.structures import NamesIn
from annotation.errors import Refused
from annotation.models import (
    Case,
    CaseState,
    Hanging,
    Level,
    Membership,
    ModelState,
    Part,
    Prediction,
    PredictionSource,
    Project,
    Role,
    Split,
)

PAGE = 50


class ScoresOut(serializers.Serializer[Any]):
    dice = serializers.FloatField(allow_null=True)
    surface_dice = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="Test cases where the Dice applies.")
    other_tolerance = serializers.BooleanField(
        help_text="The surface Dice was measured at another tolerance than the one in force: left out."
    )


class GateOut(serializers.Serializer[Any]):
    decision = serializers.CharField()
    sentence = serializers.CharField()


class ModelOut(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="model.pk")
    version = serializers.IntegerField(source="model.version")
    state = serializers.ChoiceField(choices=ModelState.choices, source="model.state")
    created_at = serializers.DateTimeField(source="model.created_at")
    mean_dice = serializers.FloatField(allow_null=True)
    scores = serializers.DictField(child=ScoresOut())
    train_cases = serializers.IntegerField()
    gate = serializers.SerializerMethodField()

    @extend_schema_field(GateOut(allow_null=True))
    def get_gate(self, summary: learning.ModelSummary) -> Any:
        return GateOut(summary.model.gate).data if summary.model.gate else None


class ProjectOut(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="project.pk")
    name = serializers.CharField(source="project.name")
    role = serializers.ChoiceField(choices=Role.choices)
    guideline = serializers.CharField(help_text="The general part of the version in force.")
    hanging = serializers.ChoiceField(choices=Hanging.choices, source="project.hanging")
    retrain_after = serializers.IntegerField(source="project.retrain_after")
    training_budget_s = serializers.IntegerField(
        source="project.training_budget_s", help_text="Wall time of one training."
    )
    accepted_since_last_run = serializers.IntegerField(
        source="overview.accepted_since_last_run", allow_null=True, help_text="For leads."
    )
    case_counts = serializers.DictField(
        child=serializers.IntegerField(),
        source="overview.case_counts",
        allow_null=True,
        help_text="For leads: to a reader the numbers would tell what kind of case was just claimed.",
    )
    structures = StructureOut(many=True)
    models = ModelOut(many=True, source="overview.models")
    job = JobOut(allow_null=True, source="overview.job", help_text="For leads.")
    predictions_pending = serializers.IntegerField(
        source="overview.predictions_pending", allow_null=True, help_text="For leads."
    )


FOR_LEADS = ("accepted_since_last_run", "case_counts", "job", "predictions_pending")


def _project(membership: Membership) -> Response:
    project = membership.project
    parts = {
        "project": project,
        "role": membership.role,
        "guideline": guidelines.text_of(project),
        "structures": worklist.structures(project),
        "overview": learning.overview(project),
    }
    hidden = () if membership.role == Role.LEAD else FOR_LEADS
    return Response({**ProjectOut(parts).data, **dict.fromkeys(hidden)})


class ProjectsView(ApiView):
    class Input(NamesIn):
        name = serializers.CharField(max_length=120)
        preset = serializers.CharField(
            max_length=40, allow_blank=True, default="", help_text="Whose values its structures keep."
        )

    class Created(serializers.Serializer[Project]):
        id = serializers.IntegerField()
        name = serializers.CharField()

    @extend_schema(request=Input, responses=answers({201: Created}, 400, 409))
    def post(self, request: Request) -> Response:
        """For staff, and whoever has the permission to add projects; who makes one leads it."""
        user = signed_in(request)
        projects.require_creator(user)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        project = projects.create_project(creator=user, **given.validated_data)
        return Response(self.Created(project).data, status=201)


class ProjectView(ApiView):
    class Input(serializers.ModelSerializer[Project]):
        class Meta:
            model = Project
            fields = ("name", "retrain_after", "training_budget_s", "hanging")
            extra_kwargs: ClassVar[Any] = {
                "name": {"required": False, "validators": []},  # the use case says who else has it
                "retrain_after": {"required": False},
                "training_budget_s": {"required": False, "min_value": 10, "max_value": 30 * 24 * 3600},
                "hanging": {"required": False},
            }

    @extend_schema(responses=answers({200: ProjectOut}))
    def get(self, request: Request, project_id: int) -> Response:
        return _project(access.membership_for(signed_in(request), project_id))

    @extend_schema(request=Input, responses=answers({200: ProjectOut}, 400, 409))
    def patch(self, request: Request, project_id: int) -> Response:
        membership = access.membership_for(signed_in(request), project_id, to="manage")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        if not given.validated_data:
            raise Refused("Say what to change: name, retrain_after, training_budget_s or hanging.")
        projects.change(project=membership.project, **given.validated_data)
        return _project(membership)


class PartOut(serializers.Serializer[Part]):
    """What one reader claims of a case."""

    group = serializers.SerializerMethodField(help_text="Of structures; null where a project has none.")
    state = serializers.ChoiceField(choices=CaseState.choices)
    needs_level = serializers.ChoiceField(choices=Level.choices)

    def get_group(self, part: Part) -> str | None:
        return part.group.name if part.group is not None else None


class MadeByOut(serializers.Serializer[Any]):
    """Who made the pre-annotation that a reader begins from."""

    source = serializers.ChoiceField(  # type: ignore[assignment]  # fields leave the class again
        choices=[*PredictionSource.values, "imported"]
    )
    version = serializers.IntegerField(allow_null=True, help_text="Of the model.")
    atlas_cases = serializers.ListField(
        child=serializers.IntegerField(), help_text="Numbers of the labelled cases it was propagated from."
    )


def _made(cases: list[Case]) -> dict[int, dict[str, Any]]:
    """Who made the newest pre-annotations of these cases, by prediction."""
    ids = [getattr(case, "prediction_id", None) for case in cases]
    rows = list(Prediction.objects.filter(pk__in=[pk for pk in ids if pk]).select_related("model"))
    numbers = learning.numbers_of(rows)
    return {
        row.pk: {
            "source": row.source,
            "version": row.model.version if row.model is not None else None,
            "atlas_cases": numbers[row.pk],
        }
        for row in rows
    }


class CasesView(UploadView):
    limit = "import"
    parser_classes = (MultiPartParser,)

    class Query(serializers.Serializer[Any]):
        state = serializers.ChoiceField(choices=[*CaseState.values, Split.TEST.value], required=False)
        page = serializers.IntegerField(min_value=1, max_value=10**6, default=1)

    class Output(serializers.Serializer[Any]):
        class Row(serializers.Serializer[Case]):
            id = serializers.IntegerField()
            number = serializers.IntegerField()
            name = serializers.CharField()
            split = serializers.ChoiceField(choices=Split.choices)
            state = serializers.ChoiceField(choices=CaseState.choices)
            spacing_known = serializers.BooleanField(source="volume.spacing_known")
            slices = serializers.SerializerMethodField()
            reader = serializers.SerializerMethodField()
            due_at = serializers.DateTimeField(allow_null=True)
            priority = serializers.FloatField(help_text="The higher one is read first.")
            updated_at = serializers.DateTimeField()
            prediction_version = serializers.IntegerField(allow_null=True)
            pre_annotation = serializers.SerializerMethodField(help_text="Who made it; null = nobody yet.")
            parts = PartOut(many=True)

            def get_slices(self, case: Case) -> int:
                return case.volume.shape[2]

            def get_reader(self, case: Case) -> str | None:
                """For leads: reviewers judge without knowing who drew."""
                name: str | None = getattr(case, "reader_name", None)
                return name if self.context["names_readers"] else None

            @extend_schema_field(MadeByOut(allow_null=True))
            def get_pre_annotation(self, case: Case) -> Any:
                made: dict[int, Any] = self.context["made"]
                known = made.get(getattr(case, "prediction_id", None) or 0)
                imported: dict[str, Any] = {"source": "imported", "version": None, "atlas_cases": []}
                return known or (imported if getattr(case, "is_imported", False) else None)

        count = serializers.IntegerField()
        results = Row(many=True)

    class Input(serializers.Serializer[Any]):
        image = serializers.FileField(help_text="NIfTI, .nii or .nii.gz")
        label = serializers.FileField(  # type: ignore[assignment]  # fields leave the class again
            required=False, help_text="NIfTI of integers, on the image's grid"
        )
        name = serializers.CharField(required=False, max_length=120, allow_blank=True, default="")
        site = serializers.CharField(
            required=False, max_length=200, allow_blank=True, default="", help_text="Where it was scanned."
        )

    class Created(serializers.Serializer[Case]):
        id = serializers.IntegerField()
        number = serializers.IntegerField()

    @extend_schema(
        parameters=[
            OpenApiParameter("state", str, enum=[*CaseState.values, Split.TEST.value]),
            OpenApiParameter("page", int),
        ],
        responses=answers({200: Output}, 400),
    )
    def get(self, request: Request, project_id: int) -> Response:
        membership = access.membership_for(signed_in(request), project_id, to="list_cases")
        given = self.Query(data=request.query_params)
        given.is_valid(raise_exception=True)
        found = worklist.cases(project=membership.project, state=given.validated_data.get("state"))
        first = (given.validated_data["page"] - 1) * PAGE
        shown = list(found[first : first + PAGE])
        page = {"count": found.count(), "results": shown}
        context = {"names_readers": membership.role == Role.LEAD, "made": _made(shown)}
        return Response(self.Output(page, context=context).data)

    @extend_schema(request={"multipart/form-data": Input}, responses=answers({201: Created}, 400, 409, 413))
    def post(self, request: Request, project_id: int) -> Response:
        project = access.project_for(signed_in(request), project_id, to="manage")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        case = ingest.upload_case(
            project=project,
            image=given.validated_data["image"],
            label=given.validated_data.get("label"),
            name=given.validated_data["name"],
            site=given.validated_data["site"],
        )
        return Response(self.Created(case).data, status=201)


class RunsView(ApiView):
    @extend_schema(request=None, responses=answers({202: JobOut}, 400, 409))
    def post(self, request: Request, project_id: int) -> Response:
        user = signed_in(request)
        project = access.project_for(user, project_id, to="manage")
        run = learning.request_run(project=project, requested_by=user)
        return Response(JobOut(run.job).data, status=202)
