"""The fixed cast, and where things go while tests run.

`project` is led by lea; ana and ben annotate, rui reviews. otto leads another project and must see nothing.
"""

import os
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from hypothesis import settings as property_tests

from annotation.models import LabelSchema, Membership, Project, Role, SchemaStructure, Structure
from tests import schema

# Slow is no failure. Red is about the change: the same examples each time, others with EXAMPLES=new.
property_tests.register_profile("delineate", deadline=None, derandomize=os.environ.get("EXAMPLES") != "new")
property_tests.load_profile("delineate")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real scans; tests that ask for it skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"needs the folder of real scans at {SHARED_DATA}, which is not on this machine")
    return SHARED_DATA


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Test databases are copies of one that was migrated."""
    schema.copy_for_tests()


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    """Every test has its own store and work folder, and an empty cache."""
    settings.STORE_ROOT = tmp_path / "store"
    settings.WORK_ROOT = tmp_path / "work"
    settings.STORAGES = settings.STORAGES | {
        "store": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "store")},
        }
    }
    # Hashing a password slowly protects nobody here.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


def _user(name: str) -> User:
    return User.objects.create_user(name, password=name)


@pytest.fixture
def ana(db: None) -> User:
    return _user("ana")


@pytest.fixture
def ben(db: None) -> User:
    return _user("ben")


@pytest.fixture
def rui(db: None) -> User:
    return _user("rui")


@pytest.fixture
def lea(db: None) -> User:
    return _user("lea")


@pytest.fixture
def otto(db: None) -> User:
    return _user("otto")


def _project(name: str, members: dict[User, Role]) -> Project:
    project = Project.objects.create(name=name)
    for user, role in members.items():
        Membership.objects.create(project=project, user=user, role=role)
    schema = LabelSchema.objects.create(project=project)
    for value, key in enumerate(("liver", "spleen", "kidney_left"), start=1):
        structure, _ = Structure.objects.get_or_create(
            key=key, defaults={"name": key.replace("_", " "), "colour": f"#{value * 40:02x}8040"}
        )
        SchemaStructure.objects.create(schema=schema, structure=structure, value=value)
    return project


@pytest.fixture
def project(ana: User, ben: User, rui: User, lea: User) -> Project:
    """Three structures on one layer: liver 1, spleen 2, left kidney 3."""
    cast = {ana: Role.ANNOTATOR, ben: Role.ANNOTATOR, rui: Role.REVIEWER, lea: Role.LEAD}
    return _project("Abdomen", cast)


@pytest.fixture
def other_project(otto: User) -> Project:
    return _project("Elsewhere", {otto: Role.LEAD})
