"""One Node process with the browser's operations for all tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.oracles.workbench import Workbench, missing


@pytest.fixture(scope="session")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """Skips, saying why, where Node or the front end's packages are absent."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with Workbench(tmp_path_factory.mktemp("operations")) as bench:
        yield bench
