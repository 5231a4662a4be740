"""The documentation is generated, complete, and needs nothing from outside."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest
from django.urls import reverse
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from annotation import urls
from tests.annotation.api.conftest import Browser


def generated() -> dict[str, Any]:
    generator: Any = SchemaGenerator
    schema: dict[str, Any] = generator().get_schema(request=None, public=True)
    return schema


def test_the_schema_is_valid_and_complete() -> None:
    GENERATOR_STATS.reset()
    schema = generated()
    validate: Any = validate_schema
    validate(schema)
    assert not GENERATOR_STATS, json.dumps(dict(GENERATOR_STATS._warn_cache))
    documented = {path for path in schema["paths"] if path.startswith("/api/")}
    offered = {
        "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", str(route.pattern))
        for route in urls.urlpatterns
        if route.name not in {"docs", "schema", "health"}
    }
    assert offered <= documented


def test_every_address_names_its_refusals() -> None:
    schema = generated()
    for path, methods in schema["paths"].items():
        if path in {"/api/csrf/", "/healthz", "/api/schema/"} or not path.startswith(("/api/", "/healthz")):
            continue
        for method, operation in methods.items():
            codes = set(operation["responses"])
            assert codes >= {"401", "403", "404"}, f"{method} {path}"
            if "requestBody" in operation:
                assert "400" in codes, f"{method} {path}"


def test_the_page_needs_no_other_server(as_nobody: Browser) -> None:
    page = as_nobody.get(reverse("docs")).content.decode()
    assert "/static/drf_spectacular_sidecar/" in page
    assert "https://" not in page


@pytest.mark.django_db
def test_unknown_addresses_and_methods(as_ana: Browser) -> None:
    assert as_ana.get("/api/nothing/").status_code == 404
    answer = as_ana.client.delete("/api/me/")
    assert (answer.status_code, "detail" in answer.json()) == (405, True)


def test_the_web_process_loads_no_torch() -> None:
    code = (
        "import django, os, sys; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'backend.settings');"
        "django.setup(); import backend.urls; print({'torch', 'monai'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
