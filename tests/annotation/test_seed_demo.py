"""What `make demo` refuses before it makes anything."""

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Project


@pytest.mark.django_db
def test_too_short_a_training_is_refused() -> None:
    with pytest.raises(
        CommandError, match=r"BUDGET=9 is too short for a training: give 10 seconds or more\."
    ):
        call_command("seed_demo", budget=9)
    assert not Project.objects.exists()
