"""One language for labels: what they stand for, whether structures lie where they do in people, and copies.

Recipes are data (`rules`), read from JSON and carried out on arrays without a database (`applying`); those of
public data sets come with the product (`shipped`), others are confirmed by leads (`matching`, `saved`).
"""

from annotation.recipes.anatomy import Anatomy, centroids_of, centroids_of_labels, check_anatomy
from annotation.recipes.applying import Harmonised, apply_to_labels, apply_to_masks, body_midline
from annotation.recipes.layouts import FoundCase, Recognised, cases_of
from annotation.recipes.leakage import (
    Search,
    Suspected,
    add_signature,
    certain,
    keep_words,
    signature_in,
    split_of_copies,
    suspected_copies,
)
from annotation.recipes.matching import Proposal, propose
from annotation.recipes.reading import recipe_of
from annotation.recipes.rules import Form, Recipe
from annotation.recipes.saved import (
    change_recipe,
    delete_recipe,
    recipe_for,
    recipes_for,
    save_recipe,
    saved_recipe,
)
from annotation.recipes.shipped import check_names, recognise, shipped, shipped_named
from annotation.recipes.writing import json_of

__all__ = [
    "Anatomy",
    "Form",
    "FoundCase",
    "Harmonised",
    "Proposal",
    "Recipe",
    "Recognised",
    "Search",
    "Suspected",
    "add_signature",
    "apply_to_labels",
    "apply_to_masks",
    "body_midline",
    "cases_of",
    "centroids_of",
    "centroids_of_labels",
    "certain",
    "change_recipe",
    "check_anatomy",
    "check_names",
    "delete_recipe",
    "json_of",
    "keep_words",
    "propose",
    "recipe_for",
    "recipe_of",
    "recipes_for",
    "recognise",
    "save_recipe",
    "saved_recipe",
    "shipped",
    "shipped_named",
    "signature_in",
    "split_of_copies",
    "suspected_copies",
]
