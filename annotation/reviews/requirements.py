"""What an agreement must reach to be accepted without anybody looking."""

from collections.abc import Iterable
from dataclasses import dataclass

from annotation.models import AgreementScore, Comparator, Metric, Project, Requirement

DISTANCES = (Metric.HD95, Metric.ASSD)


@dataclass(frozen=True)
class Miss:
    """A requirement that a score does not meet."""

    structure: str
    metric: Metric
    value: float | None
    threshold: float


class Requirements:
    """The requirements of a project against one comparator.

    A structure's own requirement takes the place of the one for all structures with the same metric.
    """

    def __init__(self, project: Project, comparator: Comparator) -> None:
        rows = Requirement.objects.filter(project=project, comparator=comparator)
        self._own: dict[tuple[str, str], float] = {(row.structure, row.metric): row.threshold for row in rows}

    @property
    def exist(self) -> bool:
        return bool(self._own)

    def of(self, structure: str) -> dict[Metric, float]:
        """Thresholds by metric; empty where nothing is asked of the structure."""
        found = {}
        for metric in Metric:
            for owner in (structure, ""):
                if (owner, metric.value) in self._own:
                    found[metric] = self._own[owner, metric.value]
                    break
        return found

    def misses(self, scores: Iterable[AgreementScore]) -> list[Miss]:
        """What is not met. A structure that neither has is not applicable, which is no failure.

        Where only one of the two has it, there are no distances: whatever is asked of them is missed.
        """
        return [miss for score in scores for miss in self._misses(score)]

    def _misses(self, score: AgreementScore) -> list[Miss]:
        if score.undefined == "both_empty":
            return []
        structure = score.group.structure
        found = []
        for metric, threshold in self.of(structure).items():
            value = getattr(score, metric.value)
            if not _meets(metric, value, threshold):
                found.append(Miss(structure, metric, value, threshold))
        return found


def _meets(metric: Metric, value: float | None, threshold: float) -> bool:
    if value is None:
        return False
    return value <= threshold if metric in DISTANCES else value >= threshold
