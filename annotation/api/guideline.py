"""A project's guideline: the version in force, a lead's next one, and the picture examples."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, guidelines, store
from annotation.api.base import LARGEST_COUNT, LARGEST_ID, ApiView, Problem, answers, signed_in
from annotation.imaging.pictures import MOST_BYTES
from annotation.models import GuidelineImage

FRAME_BYTES = 64 * 1024  # what a multipart body has around its file


class ImageOut(serializers.Serializer[GuidelineImage]):
    id = serializers.IntegerField()
    url = serializers.SerializerMethodField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()

    def get_url(self, image: GuidelineImage) -> str:
        return reverse("guideline_image", kwargs={"project_id": image.project_id, "image_id": image.pk})


class GuidelineView(ApiView):
    class Input(serializers.Serializer[Any]):
        class Entry(serializers.Serializer[Any]):
            text = serializers.CharField(allow_blank=True, default="", trim_whitespace=False)
            images = serializers.ListField(
                child=serializers.IntegerField(min_value=1, max_value=LARGEST_ID), default=list
            )

        base_version = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT)
        text = serializers.CharField(allow_blank=True, trim_whitespace=False)
        structures = serializers.DictField(child=Entry(), default=dict)

    class Output(serializers.Serializer[Any]):
        class Chapter(serializers.Serializer[guidelines.Chapter]):
            text = serializers.CharField()
            images = ImageOut(many=True)

        version = serializers.IntegerField()
        text = serializers.CharField()
        structures = serializers.DictField(child=Chapter())
        written_at = serializers.DateTimeField(allow_null=True)

    class Stale(Problem):
        version = serializers.IntegerField(required=False)

    @extend_schema(responses=answers({200: Output}))
    def get(self, request: Request, project_id: int) -> Response:
        project = access.project_for(signed_in(request), project_id)
        return Response(self.Output(guidelines.guideline_of(project)).data)

    @extend_schema(request=Input, responses={**answers({200: Output}, 400, 413), 409: Stale})
    def put(self, request: Request, project_id: int) -> Response:
        user = signed_in(request)
        project = access.project_for(user, project_id, to="manage")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        structures = given.validated_data["structures"]
        written = guidelines.write_guideline(
            project=project,
            author=user,
            base_version=given.validated_data["base_version"],
            text=given.validated_data["text"],
            structures={key: guidelines.Entry(**entry) for key, entry in structures.items()},
        )
        return Response(self.Output(written).data)


class GuidelineVersionsView(ApiView):
    """Every version that was written, newest first."""

    class Input(serializers.Serializer[Any]):
        before = serializers.IntegerField(min_value=1, max_value=LARGEST_COUNT, required=False)

    class Listed(serializers.Serializer[Any]):
        version = serializers.IntegerField()
        author = serializers.CharField()
        written_at = serializers.DateTimeField()
        text_changed = serializers.BooleanField(help_text="The text for all structures.")
        structures = serializers.ListField(
            child=serializers.CharField(), help_text="Keys of those whose text or pictures changed."
        )

    @extend_schema(
        parameters=[
            OpenApiParameter("before", int, description="Only older ones; the newest, if it is left out.")
        ],
        responses=answers({200: Listed(many=True)}, 400),
    )
    def get(self, request: Request, project_id: int) -> Response:
        project = access.project_for(signed_in(request), project_id)
        given = self.Input(data=request.query_params)
        given.is_valid(raise_exception=True)
        page = guidelines.versions(project, before=given.validated_data.get("before"))
        return Response(self.Listed(page, many=True).data)


class GuidelineVersionView(ApiView):
    """One version, and what it changed in the one before, word by word."""

    class Output(GuidelineView.Output):
        class Change(serializers.Serializer[guidelines.Change]):
            class Span(serializers.Serializer[guidelines.Span]):
                kind = serializers.ChoiceField(choices=["same", "added", "removed"])
                text = serializers.CharField()

            structure = serializers.CharField(allow_null=True, help_text="Null: the text for all structures.")
            spans = Span(many=True)
            added = ImageOut(many=True, help_text="Pictures.")
            removed = ImageOut(many=True, help_text="Pictures.")

        author = serializers.CharField(allow_null=True)
        changes = Change(many=True)

    @extend_schema(responses=answers({200: Output}))
    def get(self, request: Request, project_id: int, version: int) -> Response:
        project = access.project_for(signed_in(request), project_id)
        found = guidelines.version_of(project, version)
        before = guidelines.version_of(project, max(0, version - 1))
        answer = {**vars(found), "changes": guidelines.changes_between(before, found)}
        return Response(self.Output(answer).data)


class GuidelineImagesView(ApiView):
    limit = "picture"

    parser_classes = (MultiPartParser,)
    most_bytes = MOST_BYTES + FRAME_BYTES

    class Input(serializers.Serializer[Any]):
        image = serializers.FileField(help_text="PNG or JPEG")

    @extend_schema(request={"multipart/form-data": Input}, responses=answers({201: ImageOut}, 400, 413))
    def post(self, request: Request, project_id: int) -> Response:
        user = signed_in(request)
        project = access.project_for(user, project_id, to="manage")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        image = guidelines.add_image(project=project, author=user, data=given.validated_data["image"].read())
        return Response(ImageOut(image).data, status=201)


class GuidelineImageView(ApiView):
    @extend_schema(responses=answers({(200, "image/*"): OpenApiTypes.BINARY}))
    def get(self, request: Request, project_id: int, image_id: int) -> HttpResponse:
        project = access.project_for(signed_in(request), project_id)
        image = guidelines.image_of(project, min(image_id, LARGEST_ID))
        response = HttpResponse(store.read(image.store_key), content_type=image.media_type)
        # A picture and nothing else, whatever a browser might make of its bytes.
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["Content-Disposition"] = "inline"
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        response["Cache-Control"] = "private, max-age=31536000, immutable"
        return response
