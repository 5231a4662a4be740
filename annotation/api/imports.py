"""Imports: looked at first, asked for, followed, and reported series by series. For leads."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, intake
from annotation.api.base import ApiView, answers, signed_in
from annotation.api.shapes import JobOut, ProgressOut
from annotation.errors import NotFound
from annotation.imaging.findings import Cause, Outcome
from annotation.models import Job, JobState, Project, Upload

MEDIA = {"jsonl": "application/jsonl", "csv": "text/csv"}
_WRITERS = {"jsonl": intake.to_jsonl, "csv": intake.to_csv}


def _managed(request: Request, project_id: int) -> Project:
    return access.project_for(signed_in(request), project_id, to="manage")


class WhereIn(serializers.Serializer[Any]):
    """One of the two."""

    folder = serializers.CharField(
        max_length=1000, default="", help_text="On the server, below one that the operator opened."
    )
    upload = serializers.UUIDField(default=None, help_text="One of this project that is all there.")


class DataSetOut(serializers.Serializer[Any]):
    """A public data set, or a saved recipe, by which labels were read."""

    key = serializers.CharField()
    title = serializers.CharField()
    licence = serializers.CharField(allow_blank=True)
    citation = serializers.CharField(allow_blank=True)
    non_commercial = serializers.BooleanField()


class CountsOut(serializers.Serializer[Any]):
    """Series and files by what became of them; `split`: series of which each stack became a case."""

    accepted = serializers.IntegerField()
    warned = serializers.IntegerField()
    split = serializers.IntegerField()
    resampled = serializers.IntegerField()
    skipped = serializers.IntegerField()
    refused = serializers.IntegerField()


class FindingOut(serializers.Serializer[Any]):
    """What became of one series, or of one file that is no series."""

    source = serializers.CharField(help_text="A file's name, never a folder.")  # type: ignore[assignment]
    outcome = serializers.ChoiceField(choices=[outcome.value for outcome in Outcome])
    cause = serializers.ChoiceField(choices=[cause.value for cause in Cause])
    message = serializers.CharField()
    notes = serializers.ListField(child=serializers.CharField())
    case = serializers.IntegerField(allow_null=True, help_text="Number of its case.")
    case_id = serializers.IntegerField(allow_null=True, help_text="Null where the case is gone again.")
    shape = serializers.ListField(child=serializers.IntegerField(), allow_null=True, help_text="(i, j, k).")
    spacing_mm = serializers.ListField(
        child=serializers.FloatField(), allow_null=True, help_text="(i, j, k)."
    )


class AskedOut(serializers.Serializer[Any]):
    """A job that was asked for, and how far it is."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=JobState.choices)
    progress = serializers.SerializerMethodField()
    error = serializers.CharField()
    by = serializers.SerializerMethodField(help_text="Who asked; null = nobody who is still known.")
    way = serializers.SerializerMethodField(help_text="folder (on the server), upload, or command.")
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(ProgressOut)
    def get_progress(self, job: Job) -> Any:
        return job.progress

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_by(self, job: Job) -> str | None:
        return job.asked_by.get_username() if job.asked_by is not None else None

    @extend_schema_field(serializers.ChoiceField(choices=["folder", "upload", "command"]))
    def get_way(self, job: Job) -> str:
        return next((way for way in ("upload", "command") if way in job.ids), "folder")


class ImportRowOut(AskedOut):
    recipe = serializers.SerializerMethodField(help_text="As it was asked for; empty = recognised by itself.")
    resample = serializers.SerializerMethodField()
    site = serializers.SerializerMethodField(help_text="Where all of it was scanned; empty = not said.")
    imported = serializers.SerializerMethodField(help_text="Cases that it made; null = it has not ended.")
    counts = serializers.SerializerMethodField()
    data_set = serializers.SerializerMethodField(help_text="By which labels were read, or null.")

    def get_recipe(self, job: Job) -> str:
        return str(job.ids.get("recipe", ""))

    def get_resample(self, job: Job) -> bool:
        return bool(job.ids.get("resample"))

    def get_site(self, job: Job) -> str:
        return str(job.ids.get("site", ""))

    def get_imported(self, job: Job) -> int | None:
        return self.known(job, "imported")  # type: ignore[no-any-return]  # from JSON

    @extend_schema_field(CountsOut(allow_null=True))
    def get_counts(self, job: Job) -> Any:
        return self.known(job, "counts")

    @extend_schema_field(DataSetOut(allow_null=True))
    def get_data_set(self, job: Job) -> Any:
        return self.known(job, "recipe")

    def known(self, job: Job, field: str) -> Any:
        """Of a list the database hands out these parts of the result alone."""
        return getattr(job, intake.KNOWN[field])


class ImportOut(ImportRowOut):
    counts = serializers.SerializerMethodField(help_text="Until now, while it goes on.")
    notes = serializers.SerializerMethodField(help_text="None as long as it goes on.")
    findings = serializers.SerializerMethodField(
        help_text=f"All of them; the newest {intake.MOST_LIVE} while it goes on."
    )

    def known(self, job: Job, field: str) -> Any:
        return job.result.get(field)

    @extend_schema_field(CountsOut)
    def get_counts(self, job: Job) -> Any:
        return intake.counts_until_now(job)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_notes(self, job: Job) -> Any:
        return job.result.get("notes", [])

    @extend_schema_field(FindingOut(many=True))
    def get_findings(self, job: Job) -> Any:
        ids = intake.case_ids(job)
        found = intake.findings_of(job, intake.MOST_LIVE)
        return [{**finding, "case_id": ids.get(finding["case"])} for finding in found]


class LookOut(AskedOut):
    class Looked(serializers.Serializer[Any]):
        class Known(DataSetOut):
            cases = serializers.IntegerField()
            labelled = serializers.IntegerField(help_text="Cases with labels.")
            refused = serializers.CharField(help_text="Why its labels are not taken, or empty.")

        class Label(serializers.Serializer[Any]):
            class Likely(serializers.Serializer[Any]):
                key = serializers.CharField()
                name = serializers.CharField()
                how = serializers.CharField(help_text="exact, synonym or fuzzy.")
                confidence = serializers.FloatField(help_text="From 0 to 1.")

            name = serializers.CharField(help_text="Empty where it has none.")
            value = serializers.IntegerField(allow_null=True, help_text="In label maps; null = in none.")
            files = serializers.IntegerField(help_text="In how many scans' labels it is.")
            candidates = Likely(many=True, source="proposal.candidates")
            hint = serializers.CharField(
                source="proposal.hint", help_text="What a person has to decide, or empty."
            )

        class NotRead(serializers.Serializer[Any]):
            file = serializers.CharField()
            sentence = serializers.CharField()

        recognised = Known(allow_null=True, help_text="Whose recipe an import takes by itself.")
        alike = Known(many=True, help_text="Data sets of this layout, of which somebody has to choose one.")
        scans = serializers.IntegerField()
        delineated = serializers.IntegerField(help_text="Scans with labels.")
        names = Label(many=True, help_text="Incoming labels; none where a data set was recognised.")
        refused = NotRead(many=True)
        notes = serializers.ListField(child=serializers.CharField())

    folder = serializers.SerializerMethodField(help_text="On the server, or null.")
    upload = serializers.SerializerMethodField(help_text="Its id, or null.")
    looked = serializers.SerializerMethodField(help_text="What was seen; null = it has not ended.")

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_folder(self, job: Job) -> Any:
        return job.ids.get("folder")

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_upload(self, job: Job) -> Any:
        return job.ids.get("upload")

    @extend_schema_field(Looked(allow_null=True))
    def get_looked(self, job: Job) -> Any:
        return self.Looked(job.result).data if job.result else None


class LooksView(ApiView):
    limit = "import"

    class Input(WhereIn):
        by_names = serializers.BooleanField(
            default=False, help_text="Labels by name, even where the files are of a public data set."
        )

    @extend_schema(request=Input, responses=answers({202: LookOut}, 400, 409))
    def post(self, request: Request, project_id: int) -> Response:
        """Look at what an import would bring: the data set, or the incoming labels. Nothing is stored."""
        project = _managed(request, project_id)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        job = intake.request_look(
            project=project,
            by=signed_in(request),
            by_names=given.validated_data["by_names"],
            **_where(request, project, given.validated_data),
        )
        return Response(LookOut(job).data, status=202)


class LookView(ApiView):
    @extend_schema(responses=answers({200: LookOut}))
    def get(self, request: Request, project_id: int, job_id: int) -> Response:
        """How far a look is, and what was seen."""
        return Response(LookOut(intake.look_named(_managed(request, project_id), job_id)).data)


class ImportsView(ApiView):
    limit = "import"

    class Input(WhereIn):
        recipe = serializers.CharField(
            max_length=120,
            allow_blank=True,
            default="",
            help_text="A data set's key, a saved recipe's number or name, or none; empty = recognised.",
        )
        resample = serializers.BooleanField(
            default=None,
            allow_null=True,
            help_text="Series with gaps may be brought onto an even grid; null = as the project says.",
        )
        site = serializers.CharField(
            max_length=200, allow_blank=True, default="", help_text="Where all of it was scanned."
        )
        by_number = serializers.BooleanField(
            default=False, help_text="Call cases, and files in the report, by numbers: names are not kept."
        )

    @extend_schema(responses=answers({200: ImportRowOut(many=True)}))
    def get(self, request: Request, project_id: int) -> Response:
        """The newest 200 imports, the newest first."""
        found = intake.imports_of(_managed(request, project_id))[: intake.MOST_LISTED]
        return Response(ImportRowOut(found, many=True).data)

    @extend_schema(request=Input, responses=answers({202: JobOut}, 400, 409))
    def post(self, request: Request, project_id: int) -> Response:
        """Import a folder on the server, or an upload once all of it is here."""
        project = _managed(request, project_id)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        job = intake.request_import(
            project=project,
            by=signed_in(request),
            recipe=given.validated_data["recipe"],
            resample=given.validated_data["resample"],
            site=given.validated_data["site"],
            by_number=given.validated_data["by_number"],
            **_where(request, project, given.validated_data),
        )
        return Response(JobOut(job).data, status=202)


class ImportView(ApiView):
    @extend_schema(responses=answers({200: ImportOut}))
    def get(self, request: Request, project_id: int, job_id: int) -> Response:
        """One import: how far it is, and what became of every series until now."""
        return Response(ImportOut(intake.import_named(_managed(request, project_id), job_id)).data)


class ImportFileView(ApiView):
    class Query(serializers.Serializer[Any]):
        form = serializers.ChoiceField(choices=list(MEDIA), default="jsonl")

    @extend_schema(
        parameters=[Query],
        responses=answers({(200, media): OpenApiTypes.BINARY for media in MEDIA.values()}, 400),
    )
    def get(self, request: Request, project_id: int, job_id: int) -> HttpResponse:
        """What became of every series, as JSON lines or CSV."""
        job = intake.import_named(_managed(request, project_id), job_id)
        given = self.Query(data=request.query_params)
        given.is_valid(raise_exception=True)
        form = given.validated_data["form"]
        text = _WRITERS[form](intake.findings_of(job))
        answer = HttpResponse(text, content_type=f"{MEDIA[form]}; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="import-{job.pk}.{form}"'
        return answer


def _where(request: Request, project: Project, given: Mapping[str, Any]) -> dict[str, Any]:
    upload: Upload | None = None
    if given["upload"] is not None:
        upload = access.upload_for(signed_in(request), given["upload"])
        if upload.project_id != project.pk:
            raise NotFound("There is no such upload in this project.")
    return {"folder": given["folder"], "upload": upload}
