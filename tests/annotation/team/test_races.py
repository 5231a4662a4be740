"""What two people do at the same moment."""

from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User

from annotation import projects, team, worklist
from annotation.errors import Conflict, NotFound
from annotation.models import ACTIVE_STATES, Assignment, Invitation, Membership, Project, Role
from tests.annotation.factories import make_case
from tests.annotation.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "correct horse battery"


@pytest.fixture
def secret(project: Project, lea: User) -> str:
    """Of a link for one."""
    return team.invite(project=project, inviter=lea, role=Role.ANNOTATOR).secret


def test_two_people_open_a_link_for_one(project: Project, secret: str) -> None:
    people = [User.objects.create_user(name) for name in ("eva", "ida", "ole", "tom")]
    calls = [partial(team.accept_invitation, user=user, secret=secret) for user in people]
    answers = at_once(calls)
    assert sum(isinstance(one, Membership) for one in answers) == 1, answers
    refused = [one for one in answers if isinstance(one, NotFound)]
    assert len(refused) == 3
    assert all("used already" in one.sentence for one in refused)
    assert Membership.objects.filter(project=project, user__in=people).count() == 1
    assert Invitation.objects.get().uses_left == 0


def test_two_people_sign_up_with_a_link_for_one(project: Project, secret: str) -> None:
    calls = [
        partial(team.sign_up, secret=secret, username=name, password=PASSWORD) for name in ("eva", "ida")
    ]
    answers = at_once(calls)
    assert sum(isinstance(one, Membership) for one in answers) == 1, answers
    assert User.objects.filter(username__in=["eva", "ida"]).count() == 1, "no account without a project"


def test_one_name_for_two(project: Project, lea: User) -> None:
    secrets = [team.invite(project=project, inviter=lea, role=Role.ANNOTATOR).secret for _ in range(2)]
    calls = [partial(team.sign_up, secret=secret, username="eva", password=PASSWORD) for secret in secrets]
    answers = at_once(calls)
    assert sum(isinstance(one, Membership) for one in answers) == 1, answers
    assert sorted(Invitation.objects.values_list("uses_left", flat=True)) == [0, 1]


def test_one_person_with_two_links(project: Project, lea: User) -> None:
    eva = User.objects.create_user("eva")
    secrets = [team.invite(project=project, inviter=lea, role=Role.ANNOTATOR).secret for _ in range(2)]
    answers = at_once([partial(team.accept_invitation, user=eva, secret=secret) for secret in secrets])
    assert sum(isinstance(one, Membership) for one in answers) == 1, answers
    assert sum(isinstance(one, Conflict) for one in answers) == 1, answers
    assert sorted(Invitation.objects.values_list("uses_left", flat=True)) == [0, 1]


def test_two_leads_leave_at_once(project: Project, lea: User, rui: User) -> None:
    Membership.objects.filter(user=rui).update(role=Role.LEAD)
    both = list(Membership.objects.filter(project=project, role=Role.LEAD))
    answers = at_once([partial(team.change_member, member=member, active=False) for member in both])
    assert sum(isinstance(one, Conflict) for one in answers) == 1, answers
    assert Membership.objects.filter(project=project, role=Role.LEAD, active=True).count() == 1


def test_a_case_is_not_taken_by_who_is_leaving(project: Project, ana: User) -> None:
    """Claiming and deactivating at once: whichever comes first, nobody who has left holds a case."""
    member = Membership.objects.get(project=project, user=ana)
    for _ in range(3):
        make_case(project)
        Membership.objects.filter(pk=member.pk).update(active=True)
        calls: list[Any] = [
            partial(worklist.next_case, reader=ana, project=project),
            partial(team.change_member, member=member, active=False),
        ]
        at_once(calls)
        held = Assignment.objects.filter(reader=ana, state__in=ACTIVE_STATES)
        assert not held.exists()
        with pytest.raises(NotFound):
            worklist.next_case(reader=ana, project=project)


def test_two_projects_of_one_name(lea: User) -> None:
    call = partial(projects.create_project, creator=lea, name="Pelvis", structures=["liver"])
    answers = at_once([call, call])
    assert sum(isinstance(one, Project) for one in answers) == 1, answers
    assert sum(isinstance(one, Conflict) for one in answers) == 1, answers
    assert Membership.objects.filter(user=lea).count() == 1


def test_structures_added_at_once_get_their_own_values(project: Project) -> None:
    names = ["pancreas", "stomach", "aorta"]
    answers = at_once(
        [partial(projects.add_structures, project=project, structures=[name]) for name in names]
    )
    assert all(isinstance(one, list) for one in answers), answers
    values = list(project.schema.entries.values_list("value", flat=True))
    assert sorted(values) == [1, 2, 3, 4, 5, 6]
