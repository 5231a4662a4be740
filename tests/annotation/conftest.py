"""What several modules of the product's tests need."""

from typing import Any

import pytest

from training.acquire import Query


@pytest.fixture
def strategy_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No case is drawn as a control, which no policy can say: what a strategy takes is known in advance."""

    def alone(*args: Any, **named: Any) -> Query:
        return Query(*args, **(named | {"control": 0.0}))

    monkeypatch.setattr("annotation.learning.acquisition.Query", alone)
