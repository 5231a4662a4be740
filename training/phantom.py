"""A synthetic abdominal CT whose truth is known: for the demo, tests and measuring what training does.

Every patient has an own build: body and fat, organ sizes and places, a smooth deformation, a contrast phase,
bowel that touches the organs and looks like them, cysts and tumours, now and then an odd anatomy, partial
volume and noise. The anatomy is scaled to the field of view, so every structure is there whatever the shape.
It teaches nothing about patients.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from training.labels import StructureSpec
from training.volume import Geometry, Volume

STRUCTURES: tuple[StructureSpec, ...] = (
    StructureSpec("liver", "Liver", 0, 1, 3.0),
    StructureSpec("spleen", "Spleen", 0, 2, 3.0),
    StructureSpec("kidney_left", "Left kidney", 0, 3, 3.0, "left"),
    StructureSpec("kidney_right", "Right kidney", 0, 4, 3.0, "right"),
    StructureSpec("aorta", "Aorta", 0, 5, 3.0),
    StructureSpec("urinary_bladder", "Urinary bladder", 0, 6, 3.0),
)
NOISE_HU = 25.0
_HALF_FIELD_MM = np.array([144.0, 144.0, 96.0])  # the patient was drawn for 288 x 288 x 192 mm

Grid = NDArray[np.float32]
Mask = NDArray[np.bool_]
Centre = tuple[float, float, float]


@dataclass(frozen=True)
class Phantom:
    """A synthetic scan: `image` int16 HU, `labels` uint8 (i, j, k) with the values of `STRUCTURES`."""

    image: Volume
    labels: NDArray[np.uint8]
    geometry: Geometry


@dataclass(frozen=True)
class _Patient:
    """Coordinates of all voxels in the patient's own (undeformed) frame, mm, and the patient's dice."""

    x: Grid
    y: Grid
    z: Grid
    rng: np.random.Generator
    arterial: float  # 0 = before contrast, 1 = full
    portal: float

    def near(self, centre: Centre, radii: Centre, spread_mm: float = 5.0, spread: float = 0.13) -> Mask:
        """Return an ellipsoid about `centre` whose place and radii vary between patients."""
        moved = np.asarray(centre) + self.rng.normal(0, spread_mm, 3)
        sized = np.asarray(radii) * self.rng.normal(1, spread, 3).clip(0.7, 1.35)
        return self.within(moved, sized)

    def within(self, centre: NDArray[np.float64], radii: NDArray[np.float64]) -> Mask:
        """Return an ellipsoid exactly there."""
        cx, cy, cz = (float(c) for c in centre)
        rx, ry, rz = (float(r) for r in radii)
        inside = ((self.x - cx) / rx) ** 2 + ((self.y - cy) / ry) ** 2 + ((self.z - cz) / rz) ** 2 < 1
        return np.asarray(inside)


def make_phantom(
    seed: int,
    *,
    shape: tuple[int, int, int] = (96, 96, 64),
    spacing_mm: tuple[float, float, float] = (3.0, 3.0, 3.0),
) -> Phantom:
    """Return the synthetic patient of `seed`: the same seed gives the same voxels."""
    rng = np.random.default_rng([7919, seed])
    patient = _pose(rng, shape)
    hu = _body(patient)
    _bowel(patient, hu)
    labels = _organs(patient, hu)
    _spine(patient, hu)
    labels[hu > 400] = 0
    blurred = ndimage.gaussian_filter(hu, 0.6) + rng.normal(0, NOISE_HU, shape).astype(np.float32)
    geometry = Geometry(
        shape,
        spacing_mm,
        (
            -0.5 * spacing_mm[0] * (shape[0] - 1),
            -0.5 * spacing_mm[1] * (shape[1] - 1),
            -0.5 * spacing_mm[2] * (shape[2] - 1),
        ),
        ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    )
    voxels = np.rint(blurred.clip(-1024, 3071)).astype(np.int16)
    return Phantom(Volume(voxels, geometry), labels, geometry)


def _pose(rng: np.random.Generator, shape: tuple[int, int, int]) -> _Patient:
    """Place the patient: size, shift, turn about the long axis and a smooth random deformation."""
    axes = [
        (((np.arange(n) + 0.5) / n * 2 - 1) * h).astype(np.float32)
        for n, h in zip(shape, _HALF_FIELD_MM, strict=True)
    ]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    for _ in range(4):
        wave = (rng.normal(0, 1, 3) * 2 * np.pi / 190).astype(np.float32)
        phase = wave[0] * x + wave[1] * y + wave[2] * z + np.float32(rng.uniform(0, 2 * np.pi))
        push = np.sin(phase)
        shift = rng.normal(0, 3.0, 3).astype(np.float32)
        x, y, z = x + shift[0] * push, y + shift[1] * push, z + shift[2] * push
    turn = np.float32(np.deg2rad(rng.normal(0, 4)))
    grow = rng.normal(1, 0.05, 3).clip(0.88, 1.12).astype(np.float32)
    move = rng.normal(0, (4, 4, 7)).astype(np.float32)
    x, y = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
    phase_drawn = rng.choice(3, p=[0.3, 0.3, 0.4])
    return _Patient(
        (x - move[0]) / grow[0],
        (y - move[1]) / grow[1],
        (z - move[2]) / grow[2],
        rng,
        arterial=float(rng.uniform(0.6, 1)) if phase_drawn == 1 else 0.25 * float(phase_drawn == 2),
        portal=float(rng.uniform(0.6, 1)) if phase_drawn == 2 else 0.2 * float(phase_drawn == 1),
    )


def _texture(patient: _Patient, sd_hu: float) -> Grid:
    """Return smooth unevenness of a tissue in HU."""
    coarse = patient.rng.normal(0, sd_hu, [max(2, n // 6) for n in patient.x.shape]).astype(np.float32)
    zoom = [n / c for n, c in zip(patient.x.shape, coarse.shape, strict=True)]
    return np.asarray(ndimage.zoom(coarse, zoom, order=1, mode="nearest", grid_mode=True), np.float32)


def _body(patient: _Patient) -> Grid:
    """Return air, skin, fat, muscle wall and the fatty abdominal cavity in HU."""
    p, rng = patient, patient.rng
    wide, deep = 124 * rng.uniform(0.93, 1.05), 92 * rng.uniform(0.92, 1.08)
    fat_mm, wall_mm = rng.uniform(6, 20), rng.uniform(7, 11)
    hu = np.full(p.x.shape, -1000, np.float32)
    tall = 1e6
    hu[p.within(np.zeros(3), np.array([wide, deep, tall]))] = -105
    hu[p.within(np.zeros(3), np.array([wide - fat_mm, deep - fat_mm, tall]))] = 52
    inner = p.within(np.zeros(3), np.array([wide - fat_mm - wall_mm, deep - fat_mm - wall_mm, tall]))
    pelvis = 1 / (1 + np.exp((p.z + 48) / 6))  # the cavity is fat above and muscle below
    hu[inner] = (-70 + 118 * pelvis)[inner]
    hu[p.y > 46] = np.maximum(hu, np.where(hu > -1000, 48, -1000))[p.y > 46]
    return hu + np.where(hu > -1000, _texture(patient, 8), 0)


def _bowel(patient: _Patient, hu: Grid) -> None:
    """Fill the cavity with loops of bowel (wall around gas, fluid or food) that look like organs."""
    p, rng = patient, patient.rng
    for _ in range(int(rng.integers(16, 26))):
        centre = np.array([rng.uniform(-88, 88), rng.uniform(-62, 22), rng.uniform(-80, 40)])
        radii = rng.uniform(9, 22, 3)
        hu[p.within(centre, radii)] = 40 + 45 * p.portal
        filling = rng.choice([-850.0, 12.0, 55.0, 95.0, 180.0], p=[0.25, 0.3, 0.2, 0.15, 0.1])
        hu[p.within(centre, radii - 3.5)] = filling + rng.normal(0, 8)
    stomach = p.near((44, -34, 46), (36, 26, 24))
    hu[stomach] = np.where(p.y < rng.uniform(-55, -35), -900.0, rng.choice([15.0, 60.0, 100.0]))[stomach]
    hu[p.near((-38, -38, 8), (12, 12, 18))] = 12  # gall bladder
    for side in (-1, 1):
        psoas = (p.x - side * 34) ** 2 / 200 + (p.y - 44) ** 2 / 260 < 1
        hu[psoas & (p.z < 10)] = 56


def _organs(patient: _Patient, hu: Grid) -> NDArray[np.uint8]:
    """Draw the six structures into `hu` and return their label map."""
    p, rng = patient, patient.rng
    cava = (p.x + 18) ** 2 + (p.y - 20) ** 2 < rng.uniform(8, 13) ** 2
    hu[cava] = 42 + 115 * p.portal + 60 * p.arterial  # the vein beside the aorta, as large and as bright
    masks = _shapes(p)
    late = float(rng.random() < 0.2) * rng.uniform(80, 260)  # contrast that has reached the urine
    levels = (
        58 + 55 * p.portal + 12 * p.arterial,
        50 + 70 * p.portal + 60 * p.arterial,
        32 + 130 * p.portal + 120 * p.arterial,
        32 + 130 * p.portal + 120 * p.arterial,
        42 + 110 * p.portal + 260 * p.arterial,
        6 + late,
    )
    labels = np.zeros(hu.shape, np.uint8)
    grain = _texture(p, 7)
    for value, (mask, level) in enumerate(zip(masks, levels, strict=True), start=1):
        hu[mask] = level + rng.normal(0, 10) + grain[mask]
        labels[mask] = value
    for value in (3, 4):
        core = ndimage.binary_erosion(labels == value, iterations=2)
        hu[core] -= 70 * p.arterial  # cortex takes up contrast before medulla
    _lesions(p, hu, labels)
    return labels


def _shapes(patient: _Patient) -> tuple[Mask, ...]:
    """Return the masks of the structures in the order of `STRUCTURES`; later ones cover earlier ones."""
    p, rng = patient, patient.rng
    liver = p.near((-58, -4, 42), (54, 52, 44)) | p.near((-8, -32, 48), (48, 22, 24), 9, 0.25)
    large = 1 + 0.5 * float(rng.random() < 0.2)  # an enlarged spleen now and then
    spleen = p.near((82, 20, 50), (20 * large, 34, 30 * large), 6, 0.18)
    low = 28 * (rng.random(2) < 0.15)  # a kidney that lies low
    left = p.near((52, 34, 2 - low[0]), (20, 19, 34), 6, 0.16)
    right = p.near((-54, 34, -8 - low[1]), (20, 19, 34), 6, 0.16)
    bend = 6 * np.sin(p.z / 40 + rng.uniform(0, 6))
    aorta = ((p.x - 10 - bend) ** 2 + (p.y - 24 - bend) ** 2 < rng.uniform(7.5, 12.5) ** 2) & (p.z > -55)
    full = rng.uniform(0.7, 1.25)
    bladder = p.near((0, -18, -70), (32 * full, 26 * full, 19 * full), 5, 0.12)
    return liver, spleen, left, right, aorta, bladder


def _lesions(patient: _Patient, hu: Grid, labels: NDArray[np.uint8]) -> None:
    """Put cysts and tumours into liver, spleen and kidneys; they belong to the organ."""
    p, rng = patient, patient.rng
    voxels = np.argwhere((labels > 0) & (labels <= 4))
    for _ in range(int(rng.integers(0, 5))):
        i, j, k = voxels[rng.integers(len(voxels))]
        organ = labels[i, j, k]
        centre = np.array([p.x[i, j, k], p.y[i, j, k], p.z[i, j, k]])
        inside = p.within(centre, rng.uniform(5, 15, 3)) & (labels == organ)
        hu[inside] = rng.choice([5.0, 45.0, 75.0, 140.0])


def _spine(patient: _Patient, hu: Grid) -> None:
    """Draw vertebrae: a spongy body in a dense shell, discs between them."""
    p = patient
    height = np.mod(p.z + p.rng.uniform(0, 30), 30)
    column = (p.x / 21) ** 2 + ((p.y - 52) / 17) ** 2
    hu[(column < 1) & (height < 6)] = 80
    hu[(column < 1) & (height >= 6)] = 520
    hu[(column < 0.66) & (height >= 8) & (height < 28)] = 210
    hu[(p.x / 8) ** 2 + ((p.y - 76) / 8) ** 2 < 1] = 30
