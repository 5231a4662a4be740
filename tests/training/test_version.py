"""What a model says of the code that made it."""

import tomllib
from pathlib import Path

from training.version import VERSION, code_version

ROOT = Path(__file__).resolve().parents[2]


def test_the_version_is_the_projects() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
    assert code_version().startswith(f"{VERSION}+")


def test_a_line_changed_by_hand_is_other_code(tmp_path: Path) -> None:
    said: list[str] = []
    for line in ("rate = 0.1\n", "rate = 0.1\n", "rate = 0.2\n"):
        folder = tmp_path / str(len(said))
        (folder / "fit").mkdir(parents=True)
        (folder / "fit" / "loop.py").write_text(line)
        (folder / "fit" / "loop.pyc").write_text(f"compiled {len(said)}")
        said.append(code_version(folder))
    assert said[0] == said[1] != said[2]
