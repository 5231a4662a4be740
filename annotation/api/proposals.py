"""Pre-annotations of a case: what is proposed to its reader, and what was ever made of it, for leads."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, learning
from annotation.api.base import LARGEST_COUNT, ApiView, answers, signed_in
from annotation.api.shapes import BranchOut, JobOut, MaskRefOut, ProgressOut, mask_ref
from annotation.models import Assignment, Job, JobState, Prediction, PredictionSource


class SourceOut(serializers.Serializer[Any]):
    """Who made a pre-annotation. Only leads are told more than whether it was a model."""

    source = serializers.ChoiceField(  # type: ignore[assignment]  # fields leave the class again
        choices=PredictionSource.choices
    )
    version = serializers.SerializerMethodField(help_text="Of the model; for leads.")
    atlas_cases = serializers.SerializerMethodField(
        help_text="Numbers of the labelled cases that it was propagated from; for leads."
    )
    at = serializers.DateTimeField(source="created_at")

    def get_version(self, made: Prediction) -> int | None:
        return made.model.version if made.model is not None and self.context["knows_cases"] else None

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_atlas_cases(self, made: Prediction) -> list[int]:
        numbers: dict[int, list[int]] = self.context.get("numbers", {})
        return numbers.get(made.pk, [])


class ProposalOut(SourceOut):
    mask = serializers.SerializerMethodField()

    @extend_schema_field(MaskRefOut)
    def get_mask(self, made: Prediction) -> Any:
        return mask_ref(self.context["namer"], made.mask, made.mask.head)


class ProposalsView(ApiView):
    """What was made of a case since its read began, and a prediction on demand."""

    class Output(serializers.Serializer[Any]):
        class Asked(serializers.Serializer[Job]):
            """The prediction that was asked for, until it is there."""

            state = serializers.ChoiceField(choices=JobState.choices)
            progress = serializers.SerializerMethodField()
            error = serializers.CharField()

            @extend_schema_field(ProgressOut)
            def get_progress(self, job: Job) -> Any:
                return job.progress

        job = Asked(allow_null=True)
        proposals = ProposalOut(many=True, help_text="The newest first; for leads, all there ever were.")

    @extend_schema(responses=answers({200: Output}))
    def get(self, request: Request, assignment_id: int) -> Response:
        user = signed_in(request)
        return self._answer(user, access.assignment_for(user, assignment_id))

    @extend_schema(request=None, responses=answers({202: Output}, 409))
    def post(self, request: Request, assignment_id: int) -> Response:
        user, read = _asked(request, assignment_id)
        learning.request_proposal(read=read, to_reader=_is_to_reader(user, read))
        return self._answer(user, read, status=202)

    @extend_schema(responses=answers({200: Output}, 409))
    def delete(self, request: Request, assignment_id: int) -> Response:
        user, read = _asked(request, assignment_id)
        learning.cancel_proposal(read=read, to_reader=_is_to_reader(user, read))
        return self._answer(user, read)

    def _answer(self, user: AbstractBaseUser, read: Assignment, status: int = 200) -> Response:
        found = learning.proposals(read, to_reader=_is_to_reader(user, read))
        knows = access.knows_cases(user, read.case.project_id)
        context = {
            "namer": access.namer_for(user, read),
            "knows_cases": knows,
            "numbers": learning.numbers_of(found.predictions) if knows else {},
        }
        shown = {"job": found.job, "proposals": found.predictions}
        return Response(self.Output(shown, context=context).data, status=status)


class ProposalBranchView(ApiView):
    """A proposal becomes a branch of the read."""

    class Input(serializers.Serializer[Any]):
        mask = serializers.CharField(max_length=100, help_text="The handle of one of the proposals.")
        structures = serializers.ListField(
            child=serializers.CharField(max_length=80),
            default=list,
            max_length=31 * 254,
            help_text="Keys; none = all that the read is about.",
        )

    @extend_schema(request=Input, responses=answers({201: BranchOut}, 400, 409, 413))
    def post(self, request: Request, assignment_id: int) -> Response:
        user = signed_in(request)
        read = access.assignment_for(user, assignment_id, to="correct")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        branch = learning.keep_as_branch(
            read=read,
            mask=access.mask_for(user, given.validated_data["mask"]),
            structures=given.validated_data["structures"],
            to_reader=_is_to_reader(user, read),
        )
        return Response(BranchOut(branch, context={"namer": access.namer_for(user, read)}).data, status=201)


class PredictionsView(ApiView):
    """Every pre-annotation that was made of a case, the newest first."""

    class Output(SourceOut):
        uncertainty = serializers.FloatField(help_text="0 sure to 1.")
        regions = serializers.SerializerMethodField(help_text="How many places to look at; null = unknown.")
        model_state = serializers.SerializerMethodField()
        begun_from = serializers.SerializerMethodField(help_text="Whether a read began from it.")

        def get_regions(self, made: Prediction) -> int | None:
            return None if made.regions is None else len(made.regions)

        def get_model_state(self, made: Prediction) -> str | None:
            return made.model.state if made.model is not None else None

        def get_begun_from(self, made: Prediction) -> bool:
            return Assignment.objects.filter(mask__base=made.mask_id).exists()

    @extend_schema(responses=answers({200: Output(many=True)}))
    def get(self, request: Request, case_id: int) -> Response:
        case = access.case_for(signed_in(request), case_id)
        rows = list(learning.history(case))
        context = {"knows_cases": True, "numbers": learning.numbers_of(rows)}
        return Response(self.Output(rows, many=True, context=context).data)


class AtlasesView(ApiView):
    """Pre-annotate cases from labelled ones, without a model."""

    class Input(serializers.Serializer[Any]):
        cases = serializers.ListField(
            child=serializers.IntegerField(min_value=1, max_value=LARGEST_COUNT),
            default=list,
            max_length=1000,
            help_text="Numbers; none = all that wait for a pre-annotation.",
        )
        atlases = serializers.IntegerField(
            min_value=1,
            max_value=learning.MOST_ATLASES,
            default=learning.USUAL_ATLASES,
            help_text="Labelled cases for each, those most like it.",
        )

    @extend_schema(request=Input, responses=answers({202: JobOut}, 400, 409))
    def post(self, request: Request, project_id: int) -> Response:
        project = access.project_for(signed_in(request), project_id, to="manage")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        job = learning.request_atlases(project=project, **given.validated_data)
        return Response(JobOut(job).data, status=202)


def _asked(request: Request, assignment_id: int) -> tuple[AbstractBaseUser, Assignment]:
    user = signed_in(request)
    return user, access.assignment_for(user, assignment_id, to="propose")


def _is_to_reader(user: AbstractBaseUser, read: Assignment) -> bool:
    """Whoever reads is blinded as a reader, a lead who reads as well."""
    return read.reader_id == user.pk or not access.knows_cases(user, read.case.project_id)
