"""Typicality and diversity: what is chosen by where items lie among each other, not by what a model says."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from training.acquire.maps import Floats

NEIGHBOURS = 20
MOST_CLUSTERS = 500
_ROUNDS = 100


def standardised(features: Floats) -> Floats:
    """Return features (item, f) with mean 0 and standard deviation 1; those that are all alike become 0."""
    if not features.size:
        return features.astype(np.float64)
    spread = features.std(axis=0)
    centred = features - features.mean(axis=0)
    found: Floats = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-12)
    return found


def distances(one: Floats, other: Floats) -> Floats:
    """Return Euclidean distances (m, n) of features (m, f) and (n, f)."""
    squares = (one**2).sum(1)[:, None] + (other**2).sum(1)[None] - 2 * one @ other.T
    found: Floats = np.sqrt(squares.clip(min=0))
    return found


def farthest_first(features: Floats, read: Floats, count: int) -> list[tuple[int, float]]:
    """Return items by greedy k-centre, each with its distance to the nearest one read or chosen before.

    Without anything read the item nearest to the middle is the first; its distance is that to the middle.
    """
    found: list[tuple[int, float]] = []
    if not len(features):
        return found
    if len(read):
        nearest = distances(features, read).min(axis=1)
    else:
        away = distances(features, features.mean(axis=0)[None])[:, 0]
        first = int(away.argmin())
        found.append((first, float(away[first])))
        nearest = distances(features, features[first : first + 1])[:, 0]
    taken = np.zeros(len(features), bool)
    taken[[item for item, _ in found]] = True
    while len(found) < min(count, len(features)):
        item = int(np.where(taken, -np.inf, nearest).argmax())
        found.append((item, float(nearest[item])))
        taken[item] = True
        nearest = np.minimum(nearest, distances(features, features[item : item + 1])[:, 0])
    return found[:count]


def typical_first(
    features: Floats, read: Floats, count: int, rng: np.random.Generator
) -> list[tuple[int, float]]:
    """Return items by TypiClust (Hacohen et al. 2022, arXiv 2202.02794), each with its typicality.

    Read and unread items are clustered by k-means into as many clusters as there will be read items,
    MOST_CLUSTERS at most. The cluster with the fewest read items, of these the largest, gives its most
    typical item: 1 / mean distance to its NEIGHBOURS nearest in the cluster.
    """
    if not len(features):
        return []
    everything = np.concatenate([features, read.reshape(-1, features.shape[1])])
    clusters = kmeans(everything, min(len(read) + count, MOST_CLUSTERS, len(everything)), rng)
    sizes = np.bincount(clusters)
    covered = np.bincount(clusters[len(features) :], minlength=len(sizes))
    typical = typicality(everything, clusters)[: len(features)]
    left = np.ones(len(features), bool)
    found: list[tuple[int, float]] = []
    while len(found) < min(count, len(features)):
        free = np.bincount(clusters[: len(features)][left], minlength=len(sizes))
        cluster = min(np.flatnonzero(free).tolist(), key=lambda c: (covered[c], -sizes[c], c))
        own = left & (clusters[: len(features)] == cluster)
        item = int(np.where(own, typical, -np.inf).argmax())
        found.append((item, float(typical[item])))
        left[item] = False
        covered[cluster] += 1
    return found


def typicality(features: Floats, clusters: NDArray[np.int64]) -> Floats:
    """Return 1 / mean distance to the nearest items of the same cluster; 0 for one that is alone."""
    found = np.zeros(len(features))
    for cluster in np.unique(clusters):
        own = np.flatnonzero(clusters == cluster)
        near = min(NEIGHBOURS, len(own) - 1)
        if near:
            sorted_ = np.sort(distances(features[own], features[own]), axis=1)[:, 1 : near + 1]
            found[own] = 1 / np.maximum(sorted_.mean(axis=1), 1e-9)
    return found


def kmeans(features: Floats, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the cluster of every item, 0 … count − 1: k-means++ beginnings, then Lloyd's rounds."""
    centres = _beginnings(features, count, rng)
    clusters = distances(features, centres).argmin(axis=1)
    for _ in range(_ROUNDS):
        for cluster in range(count):
            own = clusters == cluster
            if own.any():
                centres[cluster] = features[own].mean(axis=0)
        again = distances(features, centres).argmin(axis=1)
        if np.array_equal(again, clusters):
            break
        clusters = again
    found: NDArray[np.int64] = clusters.astype(np.int64)
    return found


def _beginnings(features: Floats, count: int, rng: np.random.Generator) -> Floats:
    chosen = [int(rng.integers(len(features)))]
    nearest = distances(features, features[chosen])[:, 0] ** 2
    while len(chosen) < count:
        total = float(nearest.sum())
        if total > 1e-12:
            chosen.append(int(rng.choice(len(features), p=nearest / total)))
        else:  # all that is left lies on what was chosen
            chosen.append(int(rng.choice(np.setdiff1d(np.arange(len(features)), chosen))))
        nearest = np.minimum(nearest, distances(features, features[chosen[-1:]])[:, 0] ** 2)
    return features[chosen].copy()


def likeness(features: Floats, strength: float) -> Callable[[Sequence[int]], Floats]:
    """Return the penalty of every item for being like the chosen ones: strength · exp(−d² / 2σ²).

    d is the distance to the nearest chosen item, σ half the median distance of all pairs. The penalty is in
    units of the standard deviation of the scores it is taken from.
    """
    apart = distances(features, features)
    pairs = apart[np.triu_indices(len(apart), 1)]
    sigma = max(float(np.median(pairs)) / 2 if len(pairs) else 1.0, 1e-9)

    def penalty(chosen: Sequence[int]) -> Floats:
        nearest = apart[:, list(chosen)].min(axis=1)
        found: Floats = strength * np.exp(-(nearest**2) / (2 * sigma**2))
        return found

    return penalty
