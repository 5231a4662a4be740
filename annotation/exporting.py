"""A model's network as one file beside its folder, for programs that are not ours; made where torch is."""

import tempfile
from pathlib import Path

from annotation import learning, store
from training.export import export
from training.progress import TrainingError


def add_network_file(folder: Path) -> str:
    """Write the file into a new model folder; return why there is none, or nothing."""
    return _written(folder, folder / learning.NETWORK_FILE)


def store_network_file(store_key: str) -> None:
    """Write the file beside a model that is in the store already, if it can be; what is there stays."""
    key = learning.network_key(store_key)
    if store.exists(key):
        return
    with tempfile.TemporaryDirectory(prefix="delineate-export-") as place:
        path = Path(place, learning.NETWORK_FILE)
        with store.local_path(store_key) as folder:
            refused = _written(folder, path)
        if not refused:
            store.put(key, path.read_bytes())


def _written(folder: Path, path: Path) -> str:
    try:
        export(folder, path)
    except TrainingError as error:
        return f"The network was not written as one file. {error}"
    return ""
