"""Readers who work through HTTP as the browser does: a save is sent, with one key, until acknowledged."""

import contextlib
import http.client
import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.trust.stack import Stack
from tests.trust.strokes import Drawing, Stroke, brushes, larges

TOKEN = "x" * 32  # the same in cookie and header: that is all that is asked of it
TIMEOUT_S = 30.0
RETRY_S = (0.25, 0.5, 1.0)
PATIENCE_S = 120.0
LARGE_EVERY = 10


@dataclass(frozen=True)
class Answer:
    """What the server said; status 0: nothing, the connection broke."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Saved:
    """One acknowledged save: when it was first sent and when acknowledged, by the monotonic clock."""

    key: str
    revision: int
    sha256: str
    sent: float
    acknowledged: float


class Client:
    """Somebody who is signed in."""

    def __init__(self, stack: Stack, name: str) -> None:
        self.address = urlsplit(stack.url).netloc
        self.cookie = f"sessionid={stack.sessions[name]}; csrftoken={TOKEN}"

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> Answer:
        """One request on a connection of its own."""
        headers = {"Cookie": self.cookie, "X-CSRFToken": TOKEN, "X-Person-Active": "0"}
        headers |= {"Content-Type": kind} if kind else {}
        connection = http.client.HTTPConnection(self.address, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())
        except (OSError, http.client.HTTPException):
            return Answer(0, b"")
        finally:
            connection.close()

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def send(self, path: str, content: object) -> Answer:
        return self.ask("POST", path, json.dumps(content).encode(), "application/json")


@dataclass
class Reader:
    """One reader with one read, and all that was acknowledged of it."""

    stack: Stack
    name: str
    seed: int = 0
    drawing: Drawing = field(default_factory=Drawing)
    saved: list[Saved] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    """The statuses that were no acknowledgement."""

    def __post_init__(self) -> None:
        self.client = Client(self.stack, self.name)
        self.rng = random.Random(self.name + str(self.seed))
        self.assignment = self.session = self.head = 0
        self.mask = ""

    def open(self) -> None:
        """Take the next case and begin a stretch of work."""
        wanted = {"project": self.stack.project, "role": "annotate", "with_read": True}
        taken = self.client.send("/api/worklist/next/", wanted)
        assert taken.status == 200, (taken, self.stack.tail())
        read = taken.json["read"]
        assert read is not None, taken.json["detail"]
        self.assignment, self.mask = read["id"], read["mask"]["id"]
        session = self.client.send(f"/api/assignments/{self.assignment}/sessions/", {})
        assert session.status in (200, 201), session
        self.session = session.json["id"]
        self.drawing, self.saved, self.head = Drawing(), [], 0

    def next_stroke(self) -> Stroke:
        if (self.head + self.seed) % LARGE_EVERY == LARGE_EVERY - 1:
            return self.rng.choice(larges())
        return self.rng.choice(brushes())

    def send(self, stroke: Stroke, base: int, key: str) -> Answer:
        meta = {"base_revision": base, "key": key, "session": self.session, "events": [_event(stroke)]}
        body, kind = _multipart(meta, stroke.edits)
        return self.client.ask("POST", f"/api/assignments/{self.assignment}/revisions/", body, kind)

    def save(self) -> Saved:
        """Draw once more, and do not give up until the server has said that it is stored."""
        stroke, key = self.next_stroke(), str(uuid.uuid4())
        sent = time.monotonic()
        pauses = 0
        while (answer := self.send(stroke, self.head, key)).status not in (200, 201):
            self.refused.append(answer.status)
            assert answer.status == 0 or answer.status >= 500, (self.name, answer)
            assert time.monotonic() - sent < PATIENCE_S, f"no save got through\n{self.stack.tail()}"
            time.sleep(RETRY_S[min(pauses, len(RETRY_S) - 1)])
            pauses += 1
        return self.note_saved(stroke, key, answer.json["revision"], answer.json["sha256"], sent)

    def hand_in(self) -> Answer:
        """The read is done; what was drawn in it stays to be compared."""
        answer = self.client.send(f"/api/assignments/{self.assignment}/submit/", {"revision": self.head})
        assert answer.status == 200, (self.name, answer)
        return answer

    def note_saved(self, stroke: Stroke, key: str, revision: int, sha256: str, sent: float) -> Saved:
        """The server has said that it is stored."""
        saved = Saved(key, revision, sha256, sent, time.monotonic())
        self.head = revision
        self.drawing.add(stroke)
        self.saved.append(saved)
        return saved

    def lost(self) -> list[int]:
        """Acknowledged revisions that the database does not hold as they were acknowledged."""
        rows = self.stack.sql(
            "SELECT r.number, r.key::text, r.sha256 FROM annotation_revision r "
            "JOIN annotation_assignment a ON a.mask_id = r.mask_id WHERE a.id = %s",
            self.assignment,
        )
        held = {(number, key, sha256) for number, key, sha256 in rows}
        return [one.revision for one in self.saved if (one.revision, one.key, one.sha256) not in held]

    def stored(self) -> int:
        """How many revisions the read has."""
        found = self.stack.sql(
            "SELECT count(*) FROM annotation_revision r "
            "JOIN annotation_assignment a ON a.mask_id = r.mask_id WHERE a.id = %s",
            self.assignment,
        )
        return int(found[0][0])

    def is_equal(self) -> bool:
        """Whether the mask is, byte for byte, what was drawn."""
        answer = self.client.get(f"/api/masks/{self.mask}/")
        return answer.status == 200 and self.drawing.equals(answer.body)


def _event(stroke: Stroke) -> dict[str, object]:
    voxels = sum(len(positions) for positions in stroke.drawn.values())
    return {"tool": "brush", "structure": stroke.value, "layer": 0, "added": voxels, "removed": 0}


def _multipart(meta: dict[str, object], edits: bytes) -> tuple[bytes, str]:
    mark = uuid.uuid4().hex
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="meta"\r\n\r\n{json.dumps(meta)}\r\n'.encode(),
        f'--{mark}\r\nContent-Disposition: form-data; name="edits"; filename="edits"\r\n'.encode(),
        b"Content-Type: application/gzip\r\n\r\n" + edits + f"\r\n--{mark}--\r\n".encode(),
    ]
    return b"".join(parts), f"multipart/form-data; boundary={mark}"


def at_once(readers: Sequence[Reader], work: Callable[[Reader], object]) -> None:
    """Every reader in a thread of their own; the first failure is raised when all have ended."""
    failures: list[BaseException] = []

    def run(reader: Reader) -> None:
        try:
            work(reader)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(reader,)) for reader in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


@contextlib.contextmanager
def working(readers: Sequence[Reader], every_s: float) -> Iterator[None]:
    """All readers save meanwhile, each once in `every_s` seconds or as often as answers come."""
    over = threading.Event()

    def work(reader: Reader) -> None:
        while not over.is_set():
            saved = reader.save()
            over.wait(max(0.0, every_s - (time.monotonic() - saved.sent)))

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(at_once, readers, work)
        try:
            yield
        finally:
            over.set()
        done.result()


def all_since(readers: Sequence[Reader], moment: float) -> float | None:
    """When the last of them got an acknowledgement of what they began after `moment`; None: not all have."""
    firsts = [
        next((one.acknowledged for one in reader.saved if one.sent >= moment), None) for reader in readers
    ]
    return None if None in firsts else max(first for first in firsts if first is not None)


def opened(stack: Stack, count: int) -> list[Reader]:
    """So many readers, each with a case."""
    brushes(), larges()  # made before anybody waits for them
    readers = [Reader(stack, f"reader{number}", number) for number in range(count)]
    for reader in readers:
        reader.open()
    return readers


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
