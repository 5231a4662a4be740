"""The package is light: numpy and scipy, nothing that only tests need."""

import subprocess
import sys

import training.raters


def test_nothing_heavy_is_loaded() -> None:
    heavy = (
        "torch",
        "monai",
        "pandas",
        "statsmodels",
        "pingouin",
        "sklearn",
        "krippendorff",
        "SimpleITK",
        "matplotlib",
    )
    code = f"import sys, training.raters; print([name for name in {heavy!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_everything_public_is_there_and_says_what_it_is() -> None:
    for name in training.raters.__all__:
        public = getattr(training.raters, name)
        assert isinstance(public, str | float) or public.__doc__
