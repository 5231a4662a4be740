"""docker-compose.yml, as far as it can be checked without an engine."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = shutil.which("docker-compose")
SECRETS = {"SECRET_KEY": "x", "POSTGRES_PASSWORD": "x", "VALKEY_PASSWORD": "x", "PATH": "/usr/bin:/bin"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def test_every_service_of_the_product_is_there(compose: dict[str, Any]) -> None:
    wanted = {
        "postgres",
        "valkey",
        "web",
        "worker-cpu",
        "trainer-cpu",
        "worker-gpu",
        "beat",
        "proxy",
        "migrate",
    }
    assert set(compose["services"]) == wanted
    assert compose["services"]["worker-gpu"]["profiles"] == ["gpu"]
    assert "name" not in compose  # older compose versions refuse it


def test_nothing_is_privileged_or_open_to_the_network(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert "privileged" not in service, name
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name
        if "build" in service:
            assert service["user"] == "10001:10001", name


def test_databases_are_healthy_before_anything_uses_them(compose: dict[str, Any]) -> None:
    for name in ("postgres", "valkey", "web"):
        assert compose["services"][name]["healthcheck"]["test"], name
    for name, service in compose["services"].items():
        if "build" in service:
            assert service["depends_on"]["postgres"]["condition"] == "service_healthy", name
        if "build" in service and name != "migrate":
            assert service["depends_on"]["migrate"]["condition"] == "service_completed_successfully", name


def test_all_four_queues_have_a_worker(compose: dict[str, Any]) -> None:
    commands = [service.get("command", []) for service in compose["services"].values()]
    served = {
        queue
        for command in commands
        if "-Q" in command
        for queue in command[command.index("-Q") + 1].split(",")
    }
    assert served == {"io", "score", "infer", "train"}


def test_volumes_are_declared(compose: dict[str, Any]) -> None:
    used = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
        if not volume.startswith((".", "$", "/"))
    }
    assert used == set(compose["volumes"])


@pytest.mark.skipif(COMPOSE is None, reason="docker-compose is not installed here")
@pytest.mark.parametrize("profile", [[], ["--profile", "gpu"]])
def test_compose_accepts_the_file(profile: list[str]) -> None:
    done = subprocess.run(
        [str(COMPOSE), "-f", str(ROOT / "docker-compose.yml"), *profile, "config", "-q"],
        capture_output=True, text=True, env=SECRETS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
