"""Structures that touch are told apart by their colours, also by those who see red and green alike."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from annotation import catalogue

TOUCHING = Path(__file__).with_name("touching.txt")
SPINE = (
    "skull",
    *(f"vertebrae_c{at}" for at in range(1, 8)),
    *(f"vertebrae_t{at}" for at in range(1, 13)),
    *(f"vertebrae_l{at}" for at in range(1, 6)),
    "vertebrae_s1",
    "sacrum",
)
# Linear sRGB as it is seen without the cones for green, and for red (Machado, Oliveira and Fernandes, 2009).
SEEN = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
LEAST = {"normal": 20, "deuteranopia": 15, "protanopia": 15}  # CIE 1976; 2.3 is a just noticeable difference


@pytest.mark.parametrize("sight", SEEN)
def test_what_touches_differs(sight: str) -> None:
    lab = {key: seen(entry.colour, SEEN[sight]) for key, entry in catalogue.entries().items()}
    alike = [(one, other) for one, other in pairs() if np.linalg.norm(lab[one] - lab[other]) < LEAST[sight]]
    assert alike == []


def test_without_cones_for_green_red_and_green_are_alike() -> None:
    red, green = (seen(colour, SEEN["deuteranopia"]) for colour in ("#b06a00", "#6f8000"))
    assert np.linalg.norm(red - green) < 10
    red, green = (seen(colour, SEEN["normal"]) for colour in ("#b06a00", "#6f8000"))
    assert np.linalg.norm(red - green) > 40


def pairs() -> Iterator[tuple[str, str]]:
    for line in TOUCHING.read_text().splitlines():
        one, found, others = line.partition(": ")
        if found and not line.startswith("#"):
            yield from ((one, other) for other in others.split())
    yield from pairwise(SPINE)
    for vertebra in SPINE[1:-1]:
        yield from ((vertebra, inside) for inside in ("spinal_cord", "spinal_canal", "intervertebral_discs"))
    for side in ("left", "right"):
        yield from _of_the_ribs(side)


def _of_the_ribs(side: str) -> Iterator[tuple[str, str]]:
    for at in range(1, 13):
        rib = f"rib_{at}_{side}"
        yield from ((rib, beside) for beside in (f"vertebrae_t{at}", f"autochthon_{side}", f"lung_{side}"))
        if at < 12:
            yield rib, f"rib_{at + 1}_{side}"
        if at < 8:
            yield rib, f"lung_upper_lobe_{side}"
        if at > 3:
            yield rib, f"lung_lower_lobe_{side}"


def seen(colour: str, sight: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB (D65) of a colour such as #28a0c0 under one kind of sight."""
    rgb = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(
        sight @ linear, 0, 1
    )
    part = xyz / (0.95047, 1.0, 1.08883)
    bent = np.where(part > (6 / 29) ** 3, np.cbrt(part), part / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * bent[1] - 16, 500 * (bent[0] - bent[1]), 200 * (bent[1] - bent[2])])
