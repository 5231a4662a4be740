"""Once around the loop against a running demo: five corrections by a reader who knows the truth.

`python -m bench.loop http://127.0.0.1:8000 [--data FOLDER] [--project NAME] [--cases 5]` takes cases as ana,
corrects each to its truth (the phantom's own, or the label map that the import held back), accepts them as
rui, waits for the next model and prints both models' test Dice per structure. A structure that the truth does
not have drawn keeps the prediction, as a reader without an opinion would leave it.
"""

import argparse
import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.person import Labels, Person, edits_between, read_mask
from training.phantom import make_phantom
from training.volume import read_label_map

Truth = Callable[[str], tuple[Labels, set[str]]]
WAIT_S = 1800


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
