"""What is shipped for servers beside compose: dashboards, alerts, Kubernetes; held against the product."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.test import Client

from annotation import signs
from annotation.models import JobKind, JobState, Project, Queue
from backend import metrics, processes
from tests.annotation.factories import make_job
from tests.processes import ROOT, served

DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
VERSION = "1.33.0"
NAME = re.compile(r"\bdelineate_[a-z_]+\b")
KUBECTL = shutil.which("kubectl")


def dashboard() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DEPLOY / "grafana" / "delineate.json").read_text())
    return loaded


def alerts() -> list[dict[str, Any]]:
    loaded = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    return [rule for group in loaded["groups"] for rule in group["rules"]]


def queries() -> list[str]:
    told = [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])]
    return told + [rule["expr"] for rule in alerts()]


@pytest.fixture
def told(db: None, project: Project) -> set[str]:
    """Names of all samples that /metrics gives once everything has happened."""
    for queue in Queue:
        signs.note_heartbeat(queue, "worker@a")
    signs.note_worker("worker@a", ("io",), "0.1.0")
    signs.note_backup(1)
    make_job(project, kind=JobKind.SCORE, state=JobState.FAILED)
    metrics.count("revisions", "POST", 201, 0.01)
    text = Client().get("/metrics").content.decode()
    return {re.split(r"[{ ]", line)[0] for line in text.splitlines() if line and line[0] != "#"}


def test_every_query_names_what_metrics_tell(told: set[str]) -> None:
    asked = {name for query in queries() for name in NAME.findall(query)}
    assert len(asked) >= 15
    assert asked <= told


def test_what_is_told_is_shown_somewhere(told: set[str]) -> None:
    asked = {name for query in queries() for name in NAME.findall(query)}
    unseen = {name for name in told - asked if not name.endswith(("_created", "_sum", "_count"))}
    assert unseen <= {"delineate_info", "delineate_worker_worked_seconds"}


def test_alerts_say_what_it_means_and_what_to_do() -> None:
    for rule in alerts():
        assert rule["alert"].startswith("Delineate")
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"]
        assert len(rule["annotations"]["description"]) > 40
    guide = (ROOT / "docs" / "guides" / "operations.md").read_text()
    assert not [rule["alert"] for rule in alerts() if rule["alert"] not in guide]


def test_panels_do_not_lie_over_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not taken & cells, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


# ── Kubernetes ────────────────────────────────────────────────────────────────
def manifests() -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(KUBERNETES.rglob("*.yaml")):
        if path.name != "kustomization.yaml":
            for document in yaml.safe_load_all(path.read_text()):
                yield path, document


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for _, document in manifests():
        if "template" in document.get("spec", {}):
            yield document["metadata"]["name"], document["spec"]["template"]["spec"]


def containers() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, pod in pods():
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            yield name, container


@pytest.mark.parametrize(
    "document",
    [pytest.param(one, id=f"{one['kind']}-{one['metadata']['name']}") for _, one in manifests()],
)
def test_manifests_follow_the_schema_of_kubernetes(document: dict[str, Any]) -> None:
    kubernetes_validate.validate(document, VERSION, strict=True)


def test_the_schema_refuses_what_is_wrong() -> None:
    document = next(document for _, document in manifests() if document["kind"] == "Deployment")
    broken = json.loads(json.dumps(document))
    broken["spec"]["template"]["spec"]["containers"][0]["imagePullPolcy"] = "Always"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSION, strict=True)


def test_every_manifest_is_part_of_a_kustomization() -> None:
    for folder in KUBERNETES.iterdir():
        if folder.is_dir():
            listed = yaml.safe_load((folder / "kustomization.yaml").read_text())
            there = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
            assert {one for one in listed["resources"] if one.endswith(".yaml")} == there


def test_no_container_may_more_than_it_must() -> None:
    for name, pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
    for name, container in containers():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert "memory" in container["resources"]["limits"], name


def test_every_queue_has_a_worker_and_every_worker_a_probe() -> None:
    workers = {name: one for name, one in containers() if "-Q" in one.get("args", [])}
    assert [name for name, one in workers.items() if "/tmp/worker" not in str(one["livenessProbe"])] == []
    without_gpu = [one["args"] for name, one in workers.items() if name != "worker-gpu"]
    assert served(without_gpu) == served(processes.workers().values())
    assert {queue for queues in served(without_gpu) for queue in queues} == set(Queue)


def test_kubernetes_and_compose_run_the_same_servers() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    images = {container["image"] for _, container in containers()}
    assert images == {"delineate", compose["postgres"]["image"], compose["valkey"]["image"]}
    ours, theirs = DEPLOY / "postgres" / "roles.sh", KUBERNETES / "base" / "roles.sh"
    assert ours.read_text() == theirs.read_text()


def test_settings_of_kubernetes_are_read_by_the_product() -> None:
    settings = (ROOT / "backend" / "settings.py").read_text() + (ROOT / "backend" / "workers.py").read_text()
    given = {
        line.split("=")[0]
        for name in ("base/config.env", "bucket/bucket.env")
        for line in (KUBERNETES / name).read_text().splitlines()
        if line and line[0] != "#"
    }
    given |= {
        entry["name"] for name, one in containers() if one["image"] == "delineate" for entry in one["env"]
    }
    # HOME is where libraries keep things; the two passwords are parts of addresses.
    given -= {"HOME", "DATABASE_PASSWORD", "VALKEY_PASSWORD"}
    assert not [name for name in given if f'"{name}"' not in settings]


@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed here")
@pytest.mark.parametrize("overlay", ["base", "gpu", "bucket"])
def test_kustomize_builds_what_the_schema_allows(overlay: str, tmp_path: Path) -> None:
    shutil.copytree(KUBERNETES, tmp_path / "kubernetes")
    example = (KUBERNETES / "base" / "secrets.env.example").read_text()
    (tmp_path / "kubernetes/base/secrets.env").write_text(re.sub(r"=$", "=x", example, flags=re.MULTILINE))
    done = subprocess.run(
        [str(KUBECTL), "kustomize", str(tmp_path / "kubernetes" / overlay)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    built = list(yaml.safe_load_all(done.stdout))
    for document in built:
        kubernetes_validate.validate(document, VERSION, strict=True)
    replicas = {
        one["metadata"]["name"]: one["spec"]["replicas"] for one in built if one["kind"] == "Deployment"
    }
    assert (replicas["trainer-cpu"], replicas.get("worker-gpu")) == (
        (0, 1) if overlay == "gpu" else (1, None)
    )
