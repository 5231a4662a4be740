"""Who has to show more than a password, by the rule of the installation: nobody, leads and staff, or all."""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from annotation.models import Membership, Role

NOBODY, LEADS, ALL = "none", "leads", "all"
COUNTS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def has_second_factor(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Recovery codes alone are none: they come with one."""
    return user.pk is not None and Authenticator.objects.filter(user=user.pk, type__in=COUNTS).exists()


def must_set_up_second_factor(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether nothing else is open to this user before they have set one up."""
    return _is_asked(user) and not has_second_factor(user)


def _is_asked(user: AbstractBaseUser | AnonymousUser) -> bool:
    rule = settings.REQUIRE_TWO_FACTOR
    if rule == NOBODY or user.pk is None:
        return False
    if rule == ALL or getattr(user, "is_staff", False):
        return True
    return Membership.objects.filter(user=user.pk, role=Role.LEAD, active=True).exists()
