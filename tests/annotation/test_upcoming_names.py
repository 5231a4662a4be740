"""What is fetched ahead has the name of the read that is claimed meanwhile, not of one to follow it.

Else a reader had seen, beside the first read of a case, the name under which its repeat would come.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from annotation import worklist
from annotation.models import Assignment, Project
from tests.annotation.factories import make_case, make_model, make_prediction
from tests.annotation.threads import at_once


@pytest.mark.django_db(transaction=True)
def test_a_claim_while_looking_ahead_changes_no_name(ana: User, project: Project) -> None:
    make_prediction(make_case(project), make_model(project))
    claimed: list[Assignment | Exception | None] = []

    def claim_behind_the_choice(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        """The case is chosen once its prediction is looked for; then somebody presses the button."""
        found = execute(sql, *rest)
        if sql.startswith("EXECUTE annotation_mask") and not claimed:
            claimed.append(None)
            claimed[0] = at_once([lambda: worklist.next_case(reader=ana, project=project)])[0]
        return found

    with connection.execute_wrapper(claim_behind_the_choice):
        ahead = worklist.upcoming(reader=ana, project=project)
    (read,) = claimed
    assert isinstance(read, Assignment)
    assert ahead is not None
    assert ahead.case == read.case
    assert ahead.sequence_no == read.sequence_no == 1
