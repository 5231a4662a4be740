"""A user's keys for programs: made, shown once, found by their hash, revoked."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from annotation.errors import Conflict, NotFound, Refused
from annotation.models import ApiToken
from annotation.team.secret import hashed, new_secret

PREFIX = "dl_"
SHOWN = len(PREFIX) + 6
LONGEST_NAME = 80
LONGEST_DAYS = 366
MOST_TOKENS = 20
LONGEST_TOKEN = 100
NOTED_EVERY = timedelta(minutes=1)  # a program that asks ten times a second must not write ten times a second


@dataclass(frozen=True)
class Minted:
    """A new token; `secret` is not kept and cannot be shown again."""

    token: ApiToken
    secret: str


def tokens_of(user: AbstractBaseUser) -> QuerySet[ApiToken]:
    """Those that are not revoked, expired ones too: whoever made them should see why they stopped."""
    return ApiToken.objects.filter(user=user.pk, revoked_at=None)


@transaction.atomic
def make_token(*, user: AbstractBaseUser, name: str, days: int) -> Minted:
    """A token that acts as `user` for so many days."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Refused(f"Name the token after what will use it, in at most {LONGEST_NAME} characters.")
    if not 1 <= days <= LONGEST_DAYS:
        raise Refused(f"A token lasts 1 to {LONGEST_DAYS} days.")
    now = timezone.now()
    if tokens_of(user).filter(expires_at__gt=now).count() >= MOST_TOKENS:
        raise Conflict(f"You have {MOST_TOKENS} tokens already. Revoke one that you no longer need.")
    secret = new_secret(PREFIX)
    token = ApiToken.objects.create(
        user_id=user.pk,
        name=name,
        prefix=secret[:SHOWN],
        token_sha256=hashed(secret),
        expires_at=now + timedelta(days=days),
    )
    return Minted(token, secret)


def revoke_token(*, user: AbstractBaseUser, token_id: int) -> None:
    """From the next request on it opens nothing. Raises NotFound for anybody else's."""
    if not tokens_of(user).filter(pk=token_id).update(revoked_at=timezone.now()):
        raise NotFound("There is no such token, or it is not yours.")


def user_of_token(secret: str) -> AbstractBaseUser | None:
    """Whose token this is; None for one that is unknown, expired or revoked, or whose user is locked out."""
    if not secret.startswith(PREFIX) or len(secret) > LONGEST_TOKEN:
        return None
    now = timezone.now()
    valid = ApiToken.objects.filter(revoked_at=None, expires_at__gt=now, user__is_active=True)
    token = valid.select_related("user").filter(token_sha256=hashed(secret)).first()
    if token is None:
        return None
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EVERY)
    ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    return token.user
