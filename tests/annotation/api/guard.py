"""What every endpoint's test asks first: who is kept out, and how."""

from typing import Any

from tests.annotation.api.conftest import Browser


def assert_refused(answer: Any, status: int, says: str = "") -> None:
    """A refusal is a status and a sentence."""
    assert answer.status_code == status, answer.content[:300]
    detail = answer.json()["detail"]
    assert isinstance(detail, str)
    assert says in detail, detail


def assert_kept_out(
    url: str,
    *,
    method: str = "get",
    nobody: Browser,
    stranger: Browser,
    wrong_role: Browser | None = None,
    unaware: Browser | None = None,
) -> None:
    """`unaware` is a member to whom the object does not exist: another reader's read."""
    assert_refused(getattr(nobody, method)(url, {}), 401)
    assert_refused(getattr(stranger, method)(url, {}), 404)
    if wrong_role is not None:
        assert_refused(getattr(wrong_role, method)(url, {}), 403)
    if unaware is not None:
        assert_refused(getattr(unaware, method)(url, {}), 404)
