"""The learning curves of the project's own models: one fit, whoever asks what more cases would buy.

The fit and its band are those of `training.curve`: bootstrap over the test cases, one run of each size on
snapshots that grow.
"""

from dataclasses import dataclass

from annotation.learning.measured import Alike
from training.curve import Curve, StructureCurves, structure_curves
from training.progress import TrainingError

DRAWS, SEED = 600, 0
ALL = ""  # the key of all structures together


@dataclass(frozen=True)
class Fitted:
    """The curves of one metric; `refused` where there is none at all."""

    curves: StructureCurves | None
    refused: str

    def of(self, structure: str) -> Curve | None:
        """The curve of a structure, or of all that were scored at every size."""
        if self.curves is None:
            return None
        return self.curves.overall if structure == ALL else self.curves.structures.get(structure)

    def reason(self, structure: str) -> str:
        """Why there is no curve; empty where there is one."""
        if self.curves is None:
            return self.refused
        if self.of(structure) is not None:
            return ""
        if structure == ALL:
            return "No structure was scored at every size."
        return "Too few models know this structure: a curve needs four sizes."


def fit(found: Alike, metric: str, *, draws: int = DRAWS) -> Fitted:
    """Fit the curves of a metric, with so many draws for their bands."""
    if not found.on_curve:
        return Fitted(None, "No model is scored on test cases yet.")
    known = found.of(metric)
    try:
        runs = [one.run(metric) for one in known]
        return Fitted(structure_curves(runs, draws=draws, seed=SEED), "")
    except TrainingError:
        sizes = len({one.cases for one in known})
        refused = (
            f"A curve needs models of four different numbers of training cases, scored on the same test "
            f"cases; there are {sizes}. Nothing is extrapolated from fewer."
        )
        return Fitted(None, refused)
