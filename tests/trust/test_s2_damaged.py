"""S2: seeded damage through the product as it is served: sent by tus over HTTP, imported by a real worker.

In uploads of twenty, as files of one folder, each under a name of its own. No process of the product ends, no
answer is a 5xx, every file stands in a report, and every case that was made can be looked at.
"""

import base64
import http.client
import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from annotation.imaging.findings import Cause, Outcome
from tests.annotation.imaging.test_mutants_by_upload import CRASHED, PIECE, formats, mutants_of, silent_in
from tests.trust.figures import record
from tests.trust.readers import TIMEOUT_S, TOKEN, Client
from tests.trust.scale import scaled
from tests.trust.stack import Stack, running

pytestmark = [pytest.mark.slow, pytest.mark.torture, pytest.mark.timeout(4 * 3600)]

WHOLE, LEAST, IN_ONE_UPLOAD = 2000, 40, 20
IMPORTED_WITHIN_S = 600.0
TOO_OFTEN, WAIT_S = 429, 5.0
ENDED = ("succeeded", "failed")


class Sender(Client):
    """A lead whose browser sends files; what is asked too often is asked again."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack, "lea")
        self.project = stack.project
        self.statuses: Counter[int] = Counter()

    def asked(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[Any, bytes]:
        """One request; returns the headers of the answer and its body."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named |= {"Cookie": self.cookie, "X-CSRFToken": TOKEN}
        while True:
            connection = http.client.HTTPConnection(self.address, timeout=TIMEOUT_S)
            try:
                connection.request(method, path, body, named)
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            self.statuses[answer.status] += 1
            if answer.status != TOO_OFTEN:
                assert answer.status < 400, (method, path, answer.status, content[:300])
                return answer.headers, content
            time.sleep(WAIT_S)

    def json(self, method: str, path: str) -> Any:
        return json.loads(self.asked(method, path, b"{}", Content_Type="application/json")[1])

    def import_of(self, mutants: Sequence[tuple[str, bytes]]) -> Any:
        """Send files in their folders, import them, and return the report once the import has ended."""
        begun = self.json("POST", f"/api/projects/{self.project}/uploads/")["id"]
        for number, (name, data) in enumerate(mutants):
            path = base64.b64encode(f"scans/{number:03d}/{name}".encode()).decode()
            about = {"Upload_Length": str(len(data)), "Upload_Metadata": f"path {path}"}
            half = data[: len(data) // 2]
            made, _ = self.asked(
                "POST",
                f"/api/uploads/{begun}/files/",
                half,
                Tus_Resumable="1.0.0",
                Content_Type=PIECE,
                **about,
            )
            at = made["Upload-Offset"]
            rest = {"Tus_Resumable": "1.0.0", "Content_Type": PIECE, "Upload_Offset": at}
            self.asked("PATCH", made["Location"], data[int(at) :], **rest)
        job = self.json("POST", f"/api/uploads/{begun}/import/")["id"]
        return self.ended(f"/api/projects/{self.project}/imports/{job}/")

    def ended(self, address: str) -> Any:
        deadline = time.monotonic() + IMPORTED_WITHIN_S
        while (report := json.loads(self.asked("GET", address)[1]))["state"] not in ENDED:
            assert time.monotonic() < deadline, report["state"]
            time.sleep(0.5)
        return report


def test_nothing_falls_over_as_it_is_served(tmp_path: Path) -> None:
    number = int(scaled(WHOLE, LEAST))
    makes = formats(tmp_path / "whole")
    findings: Counter[str] = Counter()
    silent: list[str] = []
    crashed = failed = 0
    with running(0, 1, with_workers=True) as stack:
        lead = Sender(stack)
        web = {child.pid for child in stack.web().children()}
        for first in range(0, number, IN_ONE_UPLOAD):
            mutants = mutants_of(range(first, min(first + IN_ONE_UPLOAD, number)), makes)
            report = lead.import_of(mutants)
            failed += report["state"] == "failed"
            silent += silent_in(report["findings"], [name for name, _ in mutants])
            findings.update(f"{one['outcome']} {one['cause']}" for one in report["findings"])
            crashed += sum(CRASHED in one["message"] for one in report["findings"])
            print(f"{first + len(mutants)} of {number}: {dict(findings.most_common())}", flush=True)  # noqa: T201
        unseen = _not_to_be_seen(stack, lead)
        ended = [*stack.restarted, *web.symmetric_difference(one.pid for one in stack.web().children())]
    assert {one.split()[0] for one in findings} <= set(Outcome)
    assert {one.split()[1] for one in findings} <= set(Cause)
    faults = sum(n for status, n in lead.statuses.items() if status >= 500)
    refused = sum(n for what, n in findings.items() if what.startswith("refused"))
    record(
        "S2",
        f"{number} damaged files by upload to the product as it is served",
        f"{len(ended)} processes of web and workers ended, {faults} answers 5xx, {failed} jobs failed, "
        f"{sum(findings.values())} judged, {refused} refused, {crashed} decoders ended; nothing is said of "
        f"{len(silent)} {silent[:3] or ''}, {len(unseen)} cases cannot be seen",
        met=not (ended or faults or failed or silent or unseen),
    )


def _not_to_be_seen(stack: Stack, lead: Sender) -> list[int]:
    """Cases of which a slice in the middle is not answered; the first was there before."""
    rows = stack.sql(
        "SELECT c.id, v.shape FROM annotation_case c JOIN annotation_volume v ON v.id = c.volume_id "
        "WHERE c.project_id = %s AND c.number > 1 ORDER BY c.number",
        stack.project,
    )
    return [
        case
        for case, shape in rows
        if not lead.asked("GET", f"/api/cases/{case}/slices/{int(shape[2]) // 2}/")[1].startswith(b"\x89PNG")
    ]
