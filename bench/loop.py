"""Once around the loop against a running demo: five corrections by a reader who knows the truth.

`python -m bench.loop http://127.0.0.1:8000 [--data FOLDER] [--project NAME] [--cases 5]` takes cases as ana,
corrects each to its truth (the phantom's own, or the label map that the import held back), accepts them as
rui, waits for the next model and prints both models' test Dice per structure. A structure that the truth does
not have drawn keeps the prediction, as a reader without an opinion would leave it.
"""

import argparse
import gzip
import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.request import HTTPCookieProcessor, Request, build_opener

import numpy as np
from numpy.typing import NDArray

from training.phantom import make_phantom
from training.volume import read_label_map

Labels = NDArray[np.uint8]
Truth = Callable[[str], tuple[Labels, set[str]]]
SIDE = 32
WAIT_S = 1800


class Person:
    """Somebody signed in through the API."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.jar = CookieJar()
        self.opener = build_opener(HTTPCookieProcessor(self.jar))
        self.ask("/api/csrf/")
        self.send("/_allauth/browser/v1/auth/login", {"username": name, "password": name})

    def ask(self, path: str) -> bytes:
        with self.opener.open(self.url + path, timeout=60) as answer:
            body: bytes = answer.read()
        return body

    def get(self, path: str) -> Any:
        return json.loads(self.ask(path))

    def send(self, path: str, content: dict[str, object]) -> Any:
        return self._post(path, json.dumps(content).encode(), "application/json")

    def save(self, assignment: int, meta: dict[str, object], edits: bytes) -> Any:
        mark = uuid.uuid4().hex
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="meta"\r\n\r\n{json.dumps(meta)}\r\n'.encode(),
            f'--{mark}\r\nContent-Disposition: form-data; name="edits"; filename="edits"\r\n'.encode(),
            b"Content-Type: application/gzip\r\n\r\n" + edits + f"\r\n--{mark}--\r\n".encode(),
        ]
        kind = f"multipart/form-data; boundary={mark}"
        return self._post(f"/api/assignments/{assignment}/revisions/", b"".join(parts), kind)

    def _post(self, path: str, body: bytes, kind: str) -> Any:
        token = next((cookie.value or "" for cookie in self.jar if cookie.name == "csrftoken"), "")
        headers = {"Content-Type": kind, "X-CSRFToken": token, "Referer": self.url}
        with self.opener.open(Request(self.url + path, body, headers), timeout=60) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")


# ── Masks and edits, by the formats of docs/reference/api.md ──────────────────
def read_mask(person: Person, mask: dict[str, int], shape: tuple[int, ...]) -> Labels:
    """The first layer of a mask, uint8 (i, j, k)."""
    labels = np.zeros([SIDE * -(-n // SIDE) for n in shape], np.uint8, order="F")
    across = [n // SIDE for n in labels.shape]
    body = person.ask(f"/api/masks/{mask['id']}/?revision={mask['head']}")
    for start in range(0, len(body), 8 + SIDE**3):
        layer, index = np.frombuffer(body, "<u4", 2, start)
        if layer == 0:
            corner = np.array(np.unravel_index(int(index), across, order="F")) * SIDE
            chunk = np.frombuffer(body, np.uint8, SIDE**3, start + 8).reshape((SIDE,) * 3, order="F")
            labels[tuple(slice(c, c + SIDE) for c in corner)] = chunk
    return labels[tuple(slice(0, n) for n in shape)]


def edits_between(before: Labels, after: Labels) -> bytes:
    """The runs that turn one labelling into the other, gzip'd."""
    blocks = []
    for k in range(before.shape[2]):
        old, new = (labels[:, :, k].ravel(order="F").astype(np.int16) for labels in (before, after))
        wanted = np.where(old != new, new, -1)
        starts = np.flatnonzero(np.diff(wanted, prepend=-2))
        ends = np.append(starts[1:], wanted.size)
        runs = [(a, b) for a, b in zip(starts, ends, strict=True) if wanted[a] >= 0]
        if runs:
            gaps = [a - b for (a, _), (_, b) in zip(runs, [(0, 0), *runs], strict=False)]
            written = [
                _varint(g) + _varint(b - a) + bytes([wanted[a]]) for g, (a, b) in zip(gaps, runs, strict=True)
            ]
            blocks.append(_varint(0) + _varint(k) + _varint(len(runs)) + b"".join(written))
    return gzip.compress(b"".join(blocks))


def _varint(number: int) -> bytes:
    out = bytearray()
    number = int(number)
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


# ── The reader, and the truth that the reader knows ───────────────────────────
def phantom_truth(name: str) -> tuple[Labels, set[str]]:
    """The phantom that the demo calls “phantom 07” was made from seed 6."""
    return make_phantom(int(name.split()[-1]) - 1).labels, set()


def folder_truth(folder: Path) -> Truth:
    """OpenKBP's layout: `<case>_oar.nii.gz`, and in cases.json what was never drawn."""
    undrawn = {
        case["case"]: {name.lower() for name in case["oar_not_drawn"]}
        for table in folder.rglob("cases.json")
        for case in json.loads(table.read_text())["cases"]
    }

    def truth(name: str) -> tuple[Labels, set[str]]:
        case = name.removesuffix("_ct")
        (path,) = folder.rglob(f"{case}_oar.nii.gz")
        return read_label_map(path).voxels, undrawn.get(case, set())

    return truth


def correct(ana: Person, lea: Person, project: int, truth: Truth) -> str:
    """Take the next case, correct it to the truth, submit; what was done, in words."""
    number = ana.send("/api/worklist/next/", {"project": project, "role": "annotate"})["assignment"]
    read = ana.get(f"/api/assignments/{number}/")
    before = read_mask(ana, read["mask"], read["volume"]["shape"])
    wanted, undrawn = truth(lea.get(f"/api/assignments/{number}/")["case"]["name"])
    after = wanted.copy()
    for structure in read["structures"]:
        if structure["key"] in undrawn:
            after[(before == structure["value"]) & (wanted == 0)] = structure["value"]
    edits = edits_between(before, after)
    head = read["mask"]["head"]
    meta = {"base_revision": head, "key": str(uuid.uuid4()), "session": None, "events": []}
    head = ana.save(number, meta, edits)["revision"]
    ana.send(f"/api/assignments/{number}/submit/", {"revision": head})
    corrected = np.count_nonzero(before != after)
    return f"{read['case']['name']}: {corrected} voxels corrected, {len(edits)} bytes sent"


def accept(rui: Person, project: int) -> None:
    number = rui.send("/api/worklist/next/", {"project": project, "role": "review"})["assignment"]
    head = rui.get(f"/api/assignments/{number}/")["mask"]["head"]
    rui.send(f"/api/assignments/{number}/verdict/", {"verdict": "accept", "comment": "", "revision": head})


def next_model(lea: Person, project: int, newest: int) -> Any:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        shown = lea.get(f"/api/projects/{project}/")
        if shown["models"] and shown["models"][0]["version"] > newest:
            return shown
        time.sleep(3)
    raise SystemExit(f"No new model within {WAIT_S} s.")


def table(models: list[Any]) -> Iterator[str]:
    ordered = sorted(models, key=lambda model: model["version"])
    for model in ordered:
        title = f"model {model['version']} ({model['state']}), {model['train_cases']} cases"
        yield f"{title}: mean test Dice {model['mean_dice']:.4f}"
        for key, score in model["scores"].items():
            dice = "n/a" if score["dice"] is None else f"{score['dice']:.3f}"
            yield f"    {key:24s} Dice {dice}  (n = {score['n']})"
    yield ordered[-1]["gate"]["sentence"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--project")
    parser.add_argument("--cases", type=int, default=5)
    options = parser.parse_args()
    ana, rui, lea = (Person(options.url, name) for name in ("ana", "rui", "lea"))
    projects = lea.get("/api/me/")["projects"]
    project = next(p["id"] for p in projects if options.project in (None, p["name"]))
    truth = phantom_truth if options.data is None else folder_truth(options.data)
    newest = max(model["version"] for model in lea.get(f"/api/projects/{project}/")["models"])
    for _ in range(options.cases):
        sys.stdout.write(correct(ana, lea, project, truth) + "\n")
        accept(rui, project)
    sys.stdout.write("waiting for the next model …\n")
    shown = next_model(lea, project, newest)
    sys.stdout.write("\n".join(table(shown["models"])) + "\n")


if __name__ == "__main__":
    main()
