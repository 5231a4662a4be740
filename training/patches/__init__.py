"""Scans brought onto the plan's grid, and the random crops that training sees.

Crops depend on (seed, step) alone, so a resumed run sees what an uninterrupted one would have seen.
"""

from training.patches.prepared import Batch, Prepared, draw_batch, prepare

__all__ = ["Batch", "Prepared", "draw_batch", "prepare"]
