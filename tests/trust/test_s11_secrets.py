"""S11: no secret lies in the repository, and every setting is documented where it is filled in."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.trust import advisories
from tests.trust.figures import record

pytestmark = pytest.mark.trust

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = (
    "node_modules",
    ".venv",
    "var",
    ".git",
    "dist",
    "test-results",
    ".stamps",
    ".hypothesis",
    "__pycache__",
)
LONGEST = 4 * 1024**2
_PATTERNS = {
    "a private key": r"-----BEGIN (?:RSA |EC |OPENSSH |ENCRYPTED |PGP )?PRIVATE KEY",
    "a key of AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of GitHub": r"\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{60,}",
    "a token of GitLab": r"\bglpat-[A-Za-z0-9_-]{20}\b",
    "a token of Slack": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "a token of Hugging Face": r"\bhf_[A-Za-z]{34}\b",
    "a token of npm": r"\bnpm_[A-Za-z0-9]{36}\b",
    "a token of PyPI": r"\bpypi-[A-Za-z0-9_-]{50,}",
    "a JSON Web Token": r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{15,}",
    "a token of this product": r"\bdl_[A-Za-z0-9_-]{43}\b",
    "a password in an address": r"\b[a-z][a-z0-9+]*://[^\s:/@{}$<]+:(?!pass|secret|…|\$|\{|\.\.)[^\s:/@{}$<]{12,}@",
    "a secret in an assignment": (
        r"(?i)\b\w*(?:secret|passwd|password|api_?key|access_?key|token)\w*[\"']?\s*[:=]\s*"
        r"[\"'](?=[^\"']*\d)(?=[^\"']*[A-Za-z])[A-Za-z0-9+/_=-]{32,}[\"']"
    ),
}
PATTERNS = {what: re.compile(pattern) for what, pattern in _PATTERNS.items()}


def _files() -> list[Path]:
    """What the repository holds; without git, all but what is made here."""
    git = shutil.which("git")
    if git is not None and (ROOT / ".git").exists():
        command = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
        names = [ROOT / name.decode() for name in listed.split(b"\0") if name]
    else:
        names = [path for path in ROOT.rglob("*") if not set(path.parts) & set(LEFT_OUT)]
    return [path for path in names if path.is_file() and path.stat().st_size < LONGEST]


def _secrets_in(text: str) -> list[str]:
    return [what for what, pattern in PATTERNS.items() if pattern.search(text)]


# Put together here, so that this file holds none.
PLANTED = {
    "a private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "a key of AWS": "AKIA" + "ABCDEFGHIJKLMNOP",
    "a token of GitHub": "ghp_" + "a1" * 18,
    "a token of GitLab": "glpat-" + "a1" * 10,
    "a token of Slack": "xoxb-" + "1234567890",
    "a token of Hugging Face": "hf_" + "ab" * 17,
    "a token of npm": "npm_" + "a1" * 18,
    "a token of PyPI": "pypi-" + "a1" * 30,
    "a JSON Web Token": ".".join(["eyJ" + "a1" * 10, "eyJ" + "b2" * 10, "c3" * 10]),
    "a token of this product": "dl_" + "a1" * 21 + "b",
    "a password in an address": "postgres://delineate:" + "a1b2c3d4e5f6g7@db/x",
    "a secret in an assignment": 'SECRET_KEY = "' + "a1" * 20 + '"',
}


@pytest.mark.parametrize("what", PATTERNS)
def test_the_search_finds(what: str) -> None:
    assert what in _secrets_in(PLANTED[what])


def test_no_secret_lies_in_the_repository() -> None:
    files = _files()
    assert len(files) > 500
    found = [
        f"{path.relative_to(ROOT)}: {what}"
        for path in files
        for what in _secrets_in(path.read_bytes().decode("utf-8", "ignore"))
    ]
    answer = f"{len(found)} found {found[:5] or ''}"
    record("S11", f"{len(PATTERNS)} kinds of secrets in {len(files)} files", answer, met=not found)


def test_no_file_of_secrets_is_kept() -> None:
    kept = [path.name for path in _files()]
    assert ".env" not in kept
    assert not [name for name in kept if name.endswith((".pem", ".key", ".p12", ".pfx"))]


def _read_by_settings() -> set[str]:
    """The names in `env.str("NAME", …)`, env.int, and so on."""
    tree = ast.parse((ROOT / "backend" / "settings.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        str(call.args[0].value)
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "env"
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }


def test_every_setting_is_documented() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    documented = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE))
    read = _read_by_settings()
    assert len(read) > 20
    missing = sorted(read - documented)
    answer = f"{len(missing)} not in .env.example {missing or ''}"
    record("S11", f"{len(read)} environment variables that settings read", answer, met=not missing)


def test_secrets_of_the_example_are_empty() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    given = re.findall(r"^(\w*(?:SECRET|PASSWORD|TOKEN|ACCESS_KEY)\w*)=(\S+)", example, re.MULTILINE)
    assert given == []


def test_exceptions_among_advisories_have_reasons_and_end() -> None:
    for one in advisories.allowed():
        assert len(one.reason) > 20, one
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", one.until), one


def test_an_advisory_counts_unless_it_is_allowed_and_its_day_has_not_come() -> None:
    python = {
        "dependencies": [{"name": "x", "version": "1", "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"]}]}]
    }
    node = {
        "vulnerabilities": {
            "y": {"via": [{"url": "https://github.com/advisories/GHSA-2", "title": "t"}, "z"]}
        }
    }
    assert advisories.of_python(python) == [("PYSEC-1", ("CVE-1",), "x 1")]
    assert advisories.of_node(node) == [("GHSA-2", (), "y")]
    found = [*advisories.of_python(python), *advisories.of_node(node)]
    with pytest.raises(advisories.NoSourceError, match="1 packages could not be looked up"):
        advisories.of_python({"dependencies": [{"name": "x", "skip_reason": "not found"}]})
    exception = advisories.Allowed("CVE-1", "Only called with files of our own making.", "2030-01-01")
    assert advisories.open_ones(found, [exception], "2026-01-01") == [("GHSA-2", (), "y")]
    assert len(advisories.open_ones(found, [exception], "2030-01-02")) == 2
