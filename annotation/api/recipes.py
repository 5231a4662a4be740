"""How labels that come in are read: shipped recipes, a project's own, proposals, and copies of one scan."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, recipes
from annotation.api.base import ApiView, answers, signed_in
from annotation.errors import NotFound
from annotation.models import LabelRecipe
from annotation.recipes import Suspected

MOST_NAMES = 1000


class ShippedOut(serializers.Serializer[Any]):
    """A public data set; who uses it has to keep to its licence and to cite it."""

    key = serializers.CharField()
    title = serializers.CharField()
    modality = serializers.CharField()
    licence = serializers.CharField(source="source.licence")
    licence_read = serializers.BooleanField(
        source="source.licence_read", help_text="False: believed; check it before use."
    )
    non_commercial = serializers.BooleanField(source="source.non_commercial")
    no_derivatives = serializers.BooleanField(source="source.no_derivatives")
    citation = serializers.CharField(source="source.citation")
    structures = serializers.ListField(child=serializers.CharField(), source="looked_at")
    notes = serializers.ListField(child=serializers.CharField())
    disabled = serializers.CharField(help_text="Why it cannot be used, or empty.")


class ShippedRecipesView(ApiView):
    @extend_schema(responses=answers({200: ShippedOut(many=True)}))
    def get(self, request: Request) -> Response:
        """Those of public data sets."""
        return Response(ShippedOut(list(recipes.shipped().values()), many=True).data)


class ShippedRecipeView(ApiView):
    class Output(ShippedOut):
        content = serializers.JSONField()

    @extend_schema(responses=answers({200: Output}))
    def get(self, request: Request, key: str) -> Response:
        """One of them whole."""
        recipe = recipes.shipped().get(key)
        if recipe is None:
            raise NotFound("There is no such recipe.")
        return Response({**ShippedOut(recipe).data, "content": recipes.json_of(recipe)})


class SavedRecipeOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    shared = serializers.BooleanField()
    own = serializers.SerializerMethodField(help_text="False: another project shares it.")
    created_by = serializers.CharField(source="created_by.username")
    updated_at = serializers.DateTimeField()
    content = serializers.JSONField()

    def get_own(self, row: LabelRecipe) -> bool:
        return bool(row.project_id == self.context["project"].pk)


class RecipeIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    content = serializers.JSONField()
    shared = serializers.BooleanField(default=False, help_text="Leads of other projects may use it.")


class RecipesView(ApiView):
    @extend_schema(responses=answers({200: SavedRecipeOut(many=True)}))
    def get(self, request: Request, project_id: int) -> Response:
        """The project's recipes, and those that other projects share."""
        project = access.project_for(signed_in(request), project_id, to="manage")
        rows = recipes.recipes_for(project)
        return Response(SavedRecipeOut(rows, many=True, context={"project": project}).data)

    @extend_schema(request=RecipeIn, responses=answers({201: SavedRecipeOut}, 400, 409))
    def post(self, request: Request, project_id: int) -> Response:
        user = signed_in(request)
        project = access.project_for(user, project_id, to="manage")
        given = RecipeIn(data=request.data)
        given.is_valid(raise_exception=True)
        row = recipes.save_recipe(project=project, author=user, **given.validated_data)
        return Response(SavedRecipeOut(row, context={"project": project}).data, status=201)


class RecipeView(ApiView):
    @extend_schema(responses=answers({200: SavedRecipeOut}))
    def get(self, request: Request, project_id: int, recipe_id: int) -> Response:
        project = access.project_for(signed_in(request), project_id, to="manage")
        row = recipes.saved_recipe(project, recipe_id)
        return Response(SavedRecipeOut(row, context={"project": project}).data)

    @extend_schema(request=RecipeIn, responses=answers({200: SavedRecipeOut}, 400, 409))
    def put(self, request: Request, project_id: int, recipe_id: int) -> Response:
        """Replace it; what was imported by it stays as it is."""
        project = access.project_for(signed_in(request), project_id, to="manage")
        given = RecipeIn(data=request.data)
        given.is_valid(raise_exception=True)
        row = recipes.change_recipe(project=project, recipe_id=recipe_id, **given.validated_data)
        return Response(SavedRecipeOut(row, context={"project": project}).data)

    @extend_schema(responses=answers({204: None}, 400))
    def delete(self, request: Request, project_id: int, recipe_id: int) -> Response:
        project = access.project_for(signed_in(request), project_id, to="manage")
        recipes.delete_recipe(project=project, recipe_id=recipe_id)
        return Response(status=204)


class RecipeProposalsView(ApiView):
    class Input(serializers.Serializer[Any]):
        names = serializers.ListField(
            child=serializers.CharField(max_length=200),
            max_length=MOST_NAMES,
            help_text="Of incoming labels.",
        )

    class Output(serializers.Serializer[Any]):
        class Likely(serializers.Serializer[Any]):
            key = serializers.CharField()
            name = serializers.CharField()
            how = serializers.CharField(help_text="exact, synonym or fuzzy.")
            confidence = serializers.FloatField(help_text="From 0 to 1.")

        name = serializers.CharField(source="label")
        candidates = Likely(many=True)
        hint = serializers.CharField(help_text="What a person has to decide, or empty.")

    @extend_schema(request=Input, responses=answers({200: Output(many=True)}, 400))
    def post(self, request: Request, project_id: int) -> Response:
        """What incoming labels may stand for, the likeliest first. Stores nothing."""
        access.project_for(signed_in(request), project_id, to="manage")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        found: Any = recipes.propose(given.validated_data["names"])
        return Response(self.Output(found, many=True).data)


class CopiesView(ApiView):
    class Output(serializers.Serializer[Any]):
        case = serializers.IntegerField(source="case.number")
        split = serializers.CharField(source="case.split")
        other = serializers.SerializerMethodField(help_text="Number of a case of this project, or null.")
        other_split = serializers.SerializerMethodField(help_text="Of a case of this project, or null.")
        split_apart = serializers.BooleanField(help_text="The two are in different splits of this project.")
        same_slices = serializers.FloatField(help_text="Share of slices with the same voxels.")
        same_look = serializers.FloatField(help_text="Correlation of their shapes.")

        def get_other(self, pair: Suspected) -> int | None:
            return pair.other.number if pair.other.project_id == pair.case.project_id else None

        def get_other_split(self, pair: Suspected) -> str | None:
            return pair.other.split if pair.other.project_id == pair.case.project_id else None

    @extend_schema(responses=answers({200: Output(many=True)}))
    def get(self, request: Request, project_id: int) -> Response:
        """Cases that show the same scan as another, here or in a project of which no more is said."""
        project = access.project_for(signed_in(request), project_id, to="manage")
        return Response(self.Output(recipes.suspected_copies(project), many=True).data)
