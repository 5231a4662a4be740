"""The proxy's configuration: read by a real nginx where there is one; what it must and must not hand on."""

import datetime
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.processes import ROOT

FOLDER = ROOT / "deploy" / "nginx"
NGINX = os.environ.get("NGINX_BINARY") or shutil.which("nginx")
PROXIES = ("plain.conf", "tls.conf")


def lines(name: str) -> str:
    return re.sub(r"#.*", "", (FOLDER / name).read_text())


@pytest.mark.parametrize("name", PROXIES)
def test_both_proxies_share_what_they_hand_on(name: str) -> None:
    included = re.findall(r"include (/etc/nginx/delineate/\S+);", lines(name))
    assert {Path(one).name for one in included} >= {"http.conf", "site.conf"}
    assert all((FOLDER / Path(one).name).is_file() for one in included)


def test_what_machines_ask_is_not_for_the_outside() -> None:
    for address in ("/metrics", "/readyz"):
        assert re.search(rf"location = {address} {{\s*return 404;", lines("site.conf")), address


def test_a_browser_cannot_choose_what_the_web_server_trusts() -> None:
    told = dict(re.findall(r"proxy_set_header (\S+) (\S+);", lines("upstream.conf")))
    assert told["X-Request-ID"] == "$request_id"
    assert told["X-Forwarded-For"] == "$proxy_add_x_forwarded_for"  # of which the last address counts
    assert "$http_x_forwarded_proto" not in lines("tls.conf") + lines("upstream.conf")


def test_plain_http_leads_to_https_and_old_protocols_are_refused() -> None:
    text = lines("tls.conf")
    assert "return 308 https://$host$request_uri;" in text
    (protocols,) = re.findall(r"ssl_protocols (.+);", text)
    assert set(protocols.split()) == {"TLSv1.2", "TLSv1.3"}


def test_no_address_is_logged() -> None:
    assert not re.findall(r"\$(?:request_uri|uri|args|query_string|request)\b", lines("http.conf"))


def test_nothing_is_written_outside_tmp() -> None:
    paths = re.findall(
        r"(?:_temp_path|pid) (\S+);", lines("http.conf") + lines("tls.conf") + lines("plain.conf")
    )
    assert len(paths) >= 7
    assert all(path.startswith("/tmp/") for path in paths)


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed here")
@pytest.mark.parametrize("name", PROXIES)
def test_nginx_accepts_the_file(name: str, tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "delineate")
    _certificate(tmp_path)
    (tmp_path / "mime.types").write_text("types { text/html html; }\n")
    version = subprocess.run([str(NGINX), "-v"], capture_output=True, text=True, check=True).stderr
    is_old = tuple(map(int, re.findall(r"\d+", version)[:2])) < (1, 27)
    for path in (tmp_path / "delineate").glob("*.conf"):
        path.write_text(_here(path.read_text(), tmp_path, is_old=is_old))
    done = subprocess.run(
        [str(NGINX), "-t", "-c", str(tmp_path / "delineate" / name), "-p", str(tmp_path)],
        env={}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def _here(text: str, folder: Path, *, is_old: bool) -> str:
    """The file as it reads without containers: other folders, a name that resolves, no later directives."""
    text = re.sub(r"/(?:tmp|run/tls|etc/nginx)/", f"{folder}/", text).replace("web:8000", "localhost:8000")
    return text.replace("http2 on;", "").replace(" resolve ", " ") if is_old else text


def _certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    began = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(began).not_valid_after(began + datetime.timedelta(36500))
    (folder / "certificate.pem").write_bytes(
        made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
