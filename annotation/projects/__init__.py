"""A project comes to be: structures from the catalogue or a preset, their layers and values, and its name."""

from annotation.projects.creating import change, create_project, may_create, require_creator
from annotation.projects.layout import Asked, Place, place
from annotation.projects.presets import Preset, preset_named, presets
from annotation.projects.search import Found, regions, search
from annotation.projects.structures import add_structures, change_priority, plan_layout, remove_structure

__all__ = [
    "Asked",
    "Found",
    "Place",
    "Preset",
    "add_structures",
    "change",
    "change_priority",
    "create_project",
    "may_create",
    "place",
    "plan_layout",
    "preset_named",
    "presets",
    "regions",
    "remove_structure",
    "require_creator",
    "search",
]
