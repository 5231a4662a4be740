"""What a model says of a scan in cells of about a centimetre: kept with a case's newest prediction.

Whatever the policy asks readers for when a scan is predicted: a lead who wants cubes has them with the next
choice, not with the next model.
"""

from collections.abc import Iterable, Iterator, Mapping

from annotation.models import Model, Prediction, ScoreCells
from training.acquire import ScoreMaps
from training.acquire.packed import pack, unpack


def cells_of(maps: ScoreMaps | None) -> bytes:
    """What is kept of a prediction; nothing where it was made without scores."""
    return b"" if maps is None else pack(maps)


def keep_cells(prediction: Prediction, packed: bytes) -> None:
    """Put them in place of those of the case's earlier predictions."""
    ScoreCells.objects.filter(prediction__case=prediction.case_id).delete()
    if packed:
        ScoreCells.objects.create(prediction=prediction, packed=packed)


class KeptCells(Mapping[str, ScoreMaps]):
    """The maps of a model's predictions by case, read one at a time: together they may fill a memory."""

    def __init__(self, model: Model, cases: Iterable[str]) -> None:
        """Of these cases, those that have any; by their primary keys as words."""
        rows = ScoreCells.objects.filter(prediction__model=model, prediction__case__in=list(map(int, cases)))
        self._rows = {str(case): pk for pk, case in rows.values_list("pk", "prediction__case")}

    def __getitem__(self, case: str) -> ScoreMaps:
        """Raises KeyError for a case without, TrainingError where what was kept is damaged."""
        return unpack(bytes(ScoreCells.objects.get(pk=self._rows[case]).packed))

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)
