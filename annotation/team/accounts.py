"""A person's own account: made with an invitation alone, and its name."""

from allauth.account.adapter import get_adapter
from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from annotation.errors import Conflict, Refused
from annotation.models import Membership
from annotation.team.invitations import accept_invitation, open_invitation

LONGEST_NAME = 150


@transaction.atomic
def sign_up(*, secret: str, username: str, password: str, name: str = "") -> Membership:
    """A new account and its membership by an invitation: both, or neither. Raises Refused by the same rules
    for names and passwords as signing in has."""
    open_invitation(secret, lock=True)
    username = username.strip()
    try:
        username = get_adapter().clean_username(username)
        validate_password(password, User(username=username, first_name=_clean(name)))
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from error
    try:
        with transaction.atomic():
            user = User.objects.create_user(username, password=password, first_name=_clean(name))
    except IntegrityError as error:
        raise Conflict("Somebody has this user name already. Choose another.") from error
    return accept_invitation(user=user, secret=secret)


def rename(*, user: AbstractBaseUser, name: str) -> None:
    """The name that others see; empty: the user name. One field: not every name has a first and a last."""
    User.objects.filter(pk=user.pk).update(first_name=_clean(name), last_name="")


def _clean(name: str) -> str:
    clean = " ".join(name.split())
    if len(clean) > LONGEST_NAME or "\0" in clean:
        raise Refused(f"A name has at most {LONGEST_NAME} characters.")
    return clean
