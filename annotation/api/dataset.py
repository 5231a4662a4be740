"""What a project's data set consists of, its sites and splits, and what is kept of one scan. For leads."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, dashboards, planning
from annotation.api.base import LARGEST_COUNT, ApiView, answers, signed_in
from annotation.api.rows import rows_of
from annotation.errors import Refused
from annotation.models import CaseState, Split, SplitChange, SplitMethod

LONGEST_WORD = 1000
MOST_CASES = 10_000
MOST_WORDS = 200


def _word(**given: Any) -> serializers.CharField:
    return serializers.CharField(max_length=LONGEST_WORD, required=False, allow_blank=True, **given)


class NarrowedIn(serializers.Serializer[Any]):
    """Cases of one source, site or scanner alone; "?" stands for what is not known, nothing for all."""

    source = _word()  # type: ignore[assignment]  # fields leave the class again
    site = _word()
    scanner = _word()


class DatasetView(ApiView):
    class Output(serializers.Serializer[Any]):
        cases = serializers.IntegerField()
        patients = serializers.IntegerField()
        uncounted = serializers.IntegerField(
            help_text="Accepted delineations of which a worker has still to look what they show."
        )
        groups = rows_of(dashboards.GroupRow)
        measures = rows_of(dashboards.MeasureRow)
        bars = rows_of(dashboards.BarRow)
        structures = rows_of(dashboards.StructureCounts)
        sources = rows_of(dashboards.SourceRow)

    @extend_schema(operation_id="dataset", parameters=[NarrowedIn], responses=answers({200: Output}, 400))
    def get(self, request: Request, project_id: int) -> Response:
        project = access.project_for(signed_in(request), project_id, to="manage")
        given = NarrowedIn(data=request.query_params)
        given.is_valid(raise_exception=True)
        return Response(self.Output(dashboards.dataset_of(project, **given.validated_data)).data)


class DatasetCasesView(ApiView):
    class Query(NarrowedIn):
        split = serializers.ChoiceField(choices=Split.choices, required=False)
        state = serializers.ChoiceField(choices=CaseState.choices, required=False)
        manufacturer = _word()
        kernel = _word()
        kvp = _word()
        contrast = _word()
        measure = serializers.ChoiceField(choices=dashboards.MEASURES, required=False)
        low = serializers.FloatField(required=False, help_text="The bar of the measure begins here.")
        high = serializers.FloatField(required=False, help_text="It ends before.")
        structure = serializers.CharField(max_length=80, required=False)
        shown = serializers.ChoiceField(
            choices=dashboards.SHOWN, required=False, help_text="How the structure is in the cases."
        )

    class Output(serializers.Serializer[Any]):
        total = serializers.IntegerField()
        rows = rows_of(dashboards.ListedRow)

    @extend_schema(operation_id="dataset_cases", parameters=[Query], responses=answers({200: Output}, 400))
    def get(self, request: Request, project_id: int) -> Response:
        """The cases behind a figure; those with all that is asked for."""
        project = access.project_for(signed_in(request), project_id, to="manage")
        given = self.Query(data=request.query_params)
        given.is_valid(raise_exception=True)
        asked = dict(given.validated_data)
        bar = tuple(asked.pop(name, None) for name in ("measure", "low", "high"))
        if None in bar and bar != (None, None, None):
            raise Refused("A bar is asked for by its measure, low and high together.")
        found = dashboards.listed(
            project,
            structure=asked.pop("structure", ""),
            shown=asked.pop("shown", ""),
            bar=None if None in bar else bar,
            words=asked,
        )
        return Response(self.Output(found).data)


class SitesView(ApiView):
    class Input(serializers.Serializer[Any]):
        site = serializers.CharField(max_length=200, allow_blank=True, help_text="Empty = not known.")
        cases = serializers.ListField(
            child=serializers.IntegerField(min_value=1, max_value=LARGEST_COUNT),
            max_length=MOST_CASES,
            required=False,
            help_text="Their numbers.",
        )
        of = NarrowedIn(
            required=False, help_text="Instead of numbers: all cases of a source, site or scanner."
        )

    class Output(serializers.Serializer[Any]):
        cases = serializers.IntegerField(help_text="How many are of that site now.")

    @extend_schema(operation_id="change_site", request=Input, responses=answers({200: Output}, 400))
    def put(self, request: Request, project_id: int) -> Response:
        """Where cases were scanned, as a lead calls it."""
        project = access.project_for(signed_in(request), project_id, to="manage")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        if ("cases" in asked) == bool(asked.get("of")):
            raise Refused(
                "Say which cases: their numbers, or of which source, site or scanner; one of the two."
            )
        if "cases" in asked:
            numbers = asked["cases"]
        else:
            numbers = [row.number for row in dashboards.scan_rows(project, **asked["of"])]
        changed = planning.change_site(project=project, cases=numbers, site=asked["site"])
        return Response({"cases": changed})


class DivisionIn(serializers.Serializer[Any]):
    """How cases are to be divided into pool, validation and test."""

    method = serializers.ChoiceField(choices=SplitMethod.choices)
    validation = serializers.FloatField(default=0.0, help_text="By lot: share of the delineated cases.")
    test = serializers.FloatField(default=0.0, help_text="By lot: share of the delineated cases.")
    seed = serializers.IntegerField(default=0, min_value=0, max_value=LARGEST_COUNT)
    stratify = serializers.ChoiceField(
        choices=["", "source", "site", "scanner"], default="", help_text="By lot: each in the same shares."
    )
    redraw = serializers.BooleanField(
        default=False, help_text="Cases outside the pool that nothing was measured on may return to it."
    )
    by = serializers.ChoiceField(choices=["source", "site", "scanner"], default="site")
    to_validation = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_WORD), max_length=MOST_WORDS, default=list
    )
    to_test = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_WORD), max_length=MOST_WORDS, default=list
    )
    cases = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_COUNT),
        max_length=MOST_CASES,
        default=list,
        help_text="Case by case: their numbers.",
    )
    to = serializers.ChoiceField(choices=Split.choices, default=Split.TEST)
    anchored = serializers.BooleanField(
        default=False, help_text="Delineations that began from a prediction may measure models all the same."
    )


def _division(given: dict[str, Any]) -> planning.Division:
    lists = {name: tuple(given[name]) for name in ("to_validation", "to_test", "cases")}
    return planning.Division(**{**given, **lists})


class SplitsOut(serializers.Serializer[Any]):
    """Cases of each split."""

    pool = serializers.IntegerField()
    validation = serializers.IntegerField()
    test = serializers.IntegerField()


class SplitPreviewView(ApiView):
    class Output(serializers.Serializer[Any]):
        class Count(serializers.Serializer[Any]):
            what = serializers.CharField(help_text="source, site or scanner; empty = all cases.")
            word = serializers.CharField(help_text="Empty = not known.")
            before = SplitsOut()
            after = SplitsOut()

        class Structure(serializers.Serializer[Any]):
            structure = serializers.CharField()
            name = serializers.CharField()
            after = SplitsOut(help_text="Accepted delineations that say something of it.")

        class Level(serializers.Serializer[Any]):
            same = serializers.IntegerField(help_text="Site and scanner are those of cases of the pool.")
            new_scanner = serializers.IntegerField()
            new_site = serializers.IntegerField()
            not_known = serializers.IntegerField()

        class Stays(serializers.Serializer[Any]):
            reason = serializers.CharField()
            sentence = serializers.CharField()
            cases = serializers.IntegerField()
            numbers = serializers.ListField(child=serializers.IntegerField(), help_text="The first ones.")

        moves = serializers.IntegerField(help_text="Cases that would move.")
        problems = serializers.ListField(
            child=serializers.CharField(), help_text="Why it cannot be done; empty = it can."
        )
        counts = Count(many=True)
        patients = SplitsOut()
        structures = Structure(many=True)
        levels = Level(help_text="Test cases by how far they are from the pool.")
        unlabelled = serializers.IntegerField(
            help_text="Cases that would leave the pool without delineation."
        )
        staying = Stays(many=True, help_text="Why cases cannot measure, or cannot move at all.")
        digest = serializers.CharField(help_text="Names these moves; `apply` asks for it.")

    @extend_schema(operation_id="preview_split", request=DivisionIn, responses=answers({200: Output}, 400))
    def post(self, request: Request, project_id: int) -> Response:
        """What a division would do. Changes nothing."""
        project = access.project_for(signed_in(request), project_id, to="manage")
        given = DivisionIn(data=request.data)
        given.is_valid(raise_exception=True)
        preview = planning.preview_division(project=project, asked=_division(given.validated_data))
        return Response(self.Output(preview).data)


class SplitChangeOut(serializers.Serializer[SplitChange]):
    id = serializers.IntegerField()
    by = serializers.CharField(source="by.username")
    at = serializers.DateTimeField()
    method = serializers.ChoiceField(choices=SplitMethod.choices)
    asked = serializers.JSONField()
    moved = serializers.SerializerMethodField(help_text="How many cases.")
    counts = SplitsOut()

    def get_moved(self, change: SplitChange) -> int:
        return sum(len(cases) for ways in change.moves.values() for cases in ways.values())


class SplitApplyView(ApiView):
    class Input(DivisionIn):
        digest = serializers.CharField(max_length=64, help_text="Of the preview.")

    @extend_schema(
        operation_id="apply_split", request=Input, responses=answers({201: SplitChangeOut}, 400, 409)
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Do what the preview showed, or nothing."""
        user = signed_in(request)
        project = access.project_for(user, project_id, to="manage")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        asked = dict(given.validated_data)
        digest = asked.pop("digest")
        change = planning.apply_division(project=project, asked=_division(asked), digest=digest, by=user)
        return Response(SplitChangeOut(change).data, status=201)


class SplitsView(ApiView):
    @extend_schema(operation_id="splits", responses=answers({200: SplitChangeOut(many=True)}))
    def get(self, request: Request, project_id: int) -> Response:
        """How the splits came about, the newest first."""
        project = access.project_for(signed_in(request), project_id, to="manage")
        changes: Any = planning.split_changes(project)
        return Response(SplitChangeOut(changes, many=True).data)


class CaseView(ApiView):
    class Output(serializers.Serializer[Any]):
        class Source(serializers.Serializer[Any]):
            key = serializers.CharField()
            title = serializers.CharField()
            licence = serializers.CharField()
            citation = serializers.CharField()
            non_commercial = serializers.BooleanField()

        class Mark(serializers.Serializer[Any]):
            outcome = serializers.CharField()
            cause = serializers.CharField()
            message = serializers.CharField()

        class Copy(serializers.Serializer[Any]):
            number = serializers.IntegerField(allow_null=True, help_text="null = in another project.")
            split = serializers.CharField(allow_null=True)
            same_slices = serializers.FloatField(help_text="Share of slices with the same voxels.")
            same_look = serializers.FloatField(help_text="Correlation of their shapes.")
            certain = serializers.BooleanField(help_text="Beyond doubt: they share a split.")

        id = serializers.IntegerField(source="case.pk")
        number = serializers.IntegerField(source="case.number")
        name = serializers.CharField(source="case.name")
        split = serializers.ChoiceField(choices=Split.choices, source="case.split")
        state = serializers.ChoiceField(choices=CaseState.choices, source="case.state")
        site = serializers.CharField(source="case.site")
        source = Source(allow_null=True)  # type: ignore[assignment]  # fields leave the class again
        modality = serializers.CharField(source="case.volume.modality")
        shape = serializers.ListField(child=serializers.IntegerField(), source="case.volume.shape")
        spacing_mm = serializers.ListField(child=serializers.FloatField(), source="case.volume.spacing_mm")
        spacing_known = serializers.BooleanField(source="case.volume.spacing_known")
        acquired_on = serializers.DateField(
            allow_null=True, help_text="Shifted by the patient's own number of days."
        )
        header = serializers.DictField(
            source="case.volume.header", help_text="What is kept of the header; it names nobody."
        )
        marks = Mark(many=True, source="case.volume.marks")
        same_patient = serializers.ListField(child=serializers.IntegerField(), help_text="Numbers of cases.")
        copies = Copy(many=True)
        annotated = serializers.ListField(child=serializers.CharField(), help_text="Keys of structures.")
        shown = serializers.ListField(
            child=serializers.CharField(), allow_null=True, help_text="Those of them that are there."
        )

    @extend_schema(operation_id="case", responses=answers({200: Output}))
    def get(self, request: Request, case_id: int) -> Response:
        """What is kept of a scan."""
        case = access.case_for(signed_in(request), case_id)
        return Response(self.Output(dashboards.kept_of(case)).data)
