"""docker-compose.yml and Dockerfile, as far as they can be checked without an engine."""

import os
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from annotation.models import Queue
from backend import processes
from tests.processes import ROOT, served

COMPOSE = shutil.which("docker-compose")
SECRETS = {
    "SECRET_KEY": "x",
    "POSTGRES_PASSWORD": "x",
    "POSTGRES_OWNER_PASSWORD": "x",
    "VALKEY_PASSWORD": "x",
    "PATH": "/usr/bin:/bin",
}
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z0-9_]+)")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def test_every_service_of_the_product_is_there(compose: dict[str, Any]) -> None:
    wanted = {"postgres", "valkey", "web", "worker-cpu", "scorer", "trainer-cpu", "beat", "proxy", "migrate"}
    optional = {"worker-gpu": ["gpu"], "proxy-tls": ["tls"], "minio": ["minio"]}
    assert set(compose["services"]) == wanted | set(optional)
    for name, profiles in optional.items():
        assert compose["services"][name]["profiles"] == profiles
    assert "name" not in compose  # older compose versions refuse it


def test_no_service_may_more_than_it_must(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert "privileged" not in service, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["read_only"] is True, name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["tmpfs"], name
        limits = service["deploy"]["resources"]["limits"]
        assert set(limits) == {"cpus", "memory"}, name
        assert service["pids_limit"] <= 1024, name
    added = {name for name, service in compose["services"].items() if "cap_add" in service}
    assert added == {"postgres"}
    without_user = {name for name, service in compose["services"].items() if "user" not in service}
    assert without_user == {"postgres"}  # its start-up script becomes that user by itself


def test_only_the_proxy_with_tls_listens_to_the_network(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:") or name == "proxy-tls", name


def test_databases_are_in_a_network_without_a_way_out(compose: dict[str, Any]) -> None:
    assert compose["networks"]["inside"]["internal"] is True
    for name in ("postgres", "valkey", "minio"):
        assert compose["services"][name]["networks"] == ["inside"], name
    for name in ("proxy", "proxy-tls"):
        assert compose["services"][name]["networks"] == ["outside"], name


def test_databases_are_healthy_before_anything_uses_them(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if name != "migrate":
            assert service["healthcheck"]["test"], name
        if "build" in service:
            assert service["depends_on"]["postgres"]["condition"] == "service_healthy", name
        if "build" in service and name != "migrate":
            assert service["depends_on"]["migrate"]["condition"] == "service_completed_successfully", name


def test_workers_serve_the_queues_that_those_of_the_demo_serve(compose: dict[str, Any]) -> None:
    of_compose = [one.get("command", []) for one in compose["services"].values() if "profiles" not in one]
    assert served(of_compose) == served(processes.workers().values())
    assert {queue for queues in served(of_compose) for queue in queues} == set(Queue)


def test_the_product_works_as_a_role_that_owns_nothing(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if "build" in service:
            role = service["environment"]["DATABASE_URL"].split("://")[1].split(":")[0]
            assert role == ("delineate_owner" if name == "migrate" else "delineate"), name
    assert "grant_roles" in str(compose["services"]["migrate"]["command"])
    assert "CREATE ROLE delineate LOGIN NOSUPERUSER" in (ROOT / "deploy/postgres/roles.sh").read_text()


def test_no_password_stands_among_a_servers_arguments(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        command = str(service.get("command", ""))
        assert "--requirepass" not in command, name


def test_volumes_are_declared_and_files_are_there(compose: dict[str, Any]) -> None:
    volumes = [
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
    ]
    assert {one for one in volumes if one[0] not in ".$/"} == set(compose["volumes"])
    assert all((ROOT / one).exists() for one in volumes if one.startswith("./"))


def test_images_are_named_by_their_full_version(compose: dict[str, Any]) -> None:
    images = {service["image"] for service in compose["services"].values()}
    images |= set(re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    for image in images:
        tag = image.partition(":")[2]
        assert re.match(r"\d+\.\d+\.?\d*|RELEASE\.\d{4}", tag), image


def test_every_variable_is_explained(compose: dict[str, Any]) -> None:
    used = set(VARIABLE.findall((ROOT / "docker-compose.yml").read_text()))
    explained = set(re.findall(r"^#? ?([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert used - explained == set()


def test_every_setting_reaches_the_product(compose: dict[str, Any]) -> None:
    settings = (ROOT / "backend" / "settings.py").read_text()
    read = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z0-9_]+)"', settings))
    # Three folders that the image names itself, and what no server should run with.
    own = {"DELINEATE_VAR", "DELINEATE_STORE", "DELINEATE_WORK", "DEBUG"}
    assert read - own - set(compose["services"]["web"]["environment"]) == set()


def test_the_image_starts_the_web_server_with_its_configuration() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert '"python:backend.webserver"' in text
    assert text.index("USER 10001:10001") < text.index("CMD [")


@pytest.mark.skipif(COMPOSE is None, reason="docker-compose is not installed here")
@pytest.mark.parametrize("profiles", [(), ("gpu",), ("tls", "minio")])
def test_compose_accepts_the_file(profiles: tuple[str, ...]) -> None:
    chosen = [word for profile in profiles for word in ("--profile", profile)]
    done = subprocess.run(
        [str(COMPOSE), "-f", str(ROOT / "docker-compose.yml"), *chosen, "config", "-q"],
        capture_output=True, text=True, env=SECRETS | {"HOME": os.environ.get("HOME", "/")}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
