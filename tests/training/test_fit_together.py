"""Several processes train together, started from the shell: one speaks, all stop, it ends as one command."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from training.__main__ import main

TOGETHER = ("-m", "training", "fit")
Ended = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def patients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("together") / "patients"
    assert main(["phantom", str(folder), "--cases", "2", "--test", "1", "--voxel-mm", "12"]) == 0
    return folder


def environment() -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE")}
    return mine | {"DELINEATE_THREADS": "1", "OMP_NUM_THREADS": "1", "COLUMNS": "200"}


def ended(words: Sequence[str]) -> Ended:
    return subprocess.run(
        [sys.executable, *words], env=environment(), capture_output=True, text=True, timeout=300, check=False
    )


def checked(out: Path, done: Ended) -> None:
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("The model is in") == 1
    lines = done.stderr.splitlines()
    for bar in ("Reading the cases", "Preparing the cases", "Training, step 3 of 3"):
        assert sum(line.startswith(bar) for line in lines) == 1
    assert json.loads((out / "report.json").read_text())["steps"] == 3
    assert (out / "model" / "low" / "model.json").is_file()


def test_torchrun_trains_with_one_voice(patients: Path, tmp_path: Path) -> None:
    words = ["auto", str(patients), "--out", str(tmp_path / "o"), "--steps", "3", "--coarse", "0.5"]
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    checked(tmp_path / "o", ended([*launcher, *TOGETHER, *words]))


def test_our_own_launcher_trains_to_the_same_weights(patients: Path, tmp_path: Path) -> None:
    words = ["auto", str(patients), "--steps", "3", "--coarse", "0.5", "--processes", "2"]
    for name in ("a", "b"):
        checked(tmp_path / name, ended([*TOGETHER, *words, "--out", str(tmp_path / name)]))
    digests = {
        json.loads((tmp_path / name / "report.json").read_text())["weights_sha256"] for name in ("a", "b")
    }
    assert len(digests) == 1


def test_what_is_wrong_is_said_once(patients: Path, tmp_path: Path) -> None:
    words = ["absent.json", str(patients), "--out", str(tmp_path / "o"), "--processes", "2"]
    done = ended([*TOGETHER, *words])
    assert done.returncode == 2
    assert done.stderr == "absent.json is neither a plan file nor the word auto.\n"
    assert done.stdout == ""


def test_what_only_the_first_finds_is_said_once(patients: Path, tmp_path: Path) -> None:
    # The others wait meanwhile, and are left alone.
    (tmp_path / "o" / "cases").mkdir(parents=True)
    (tmp_path / "o" / "plan.json").write_text("{}")
    (tmp_path / "o" / "checkpoint").mkdir()
    (tmp_path / "o" / "checkpoint" / "checkpoint.safetensors").write_bytes(b"")
    words = ["auto", str(patients), "--out", str(tmp_path / "o"), "--processes", "2", "--steps", "1"]
    done = ended([*TOGETHER, *words])
    assert done.returncode == 2
    assert done.stderr.count("choose another folder") == 1
    assert "Traceback" not in done.stderr
    assert "has ended" not in done.stderr


class Running:
    """A training that would last for minutes, in two processes; what it says goes to a file."""

    def __init__(self, patients: Path, folder: Path) -> None:
        self.said, self.out = folder / "said.txt", folder / "o"
        words = ["auto", str(patients), "--out", str(self.out), "--steps", "20000", "--processes", "2"]
        with self.said.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, *TOGETHER, *words],
                env=environment(),
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def wait_for(self, path: Path) -> None:
        until = time.monotonic() + 200
        while not path.is_file():
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < until
            time.sleep(0.05)

    def ranks(self) -> list[int]:
        own = self.process.pid
        return [int(pid) for pid in Path(f"/proc/{own}/task/{own}/children").read_text().split()]


@pytest.mark.slow
def test_ctrl_c_saves_and_ends_with_130(patients: Path, tmp_path: Path) -> None:
    running = Running(patients, tmp_path)
    try:
        running.wait_for(running.out / "plan.json")
        time.sleep(1)
        ranks = running.ranks()
        os.killpg(running.process.pid, signal.SIGINT)  # as a terminal does it
        assert running.process.wait(timeout=60) == 130
    finally:
        running.process.kill()
    said = running.said.read_text()
    assert said.count("Stopped. The same command goes on from here.") == 1
    assert said.count("Stopping as soon as what is there is saved") == 1
    assert "Traceback" not in said
    assert not any(Path(f"/proc/{pid}").exists() for pid in ranks)


@pytest.mark.slow
def test_one_that_is_killed_ends_all_with_a_sentence(patients: Path, tmp_path: Path) -> None:
    running = Running(patients, tmp_path)
    try:
        running.wait_for(running.out / "plan.json")
        ranks = running.ranks()
        os.kill(ranks[1], signal.SIGKILL)
        assert running.process.wait(timeout=60) == 2
    finally:
        running.process.kill()
    said = running.said.read_text()
    assert said.count("One of the 2 processes was ended by signal 9") == 1
    assert "Traceback" not in said
    assert not any(Path(f"/proc/{pid}").exists() for pid in ranks)
