"""A user's own keys and settings."""

from collections.abc import Mapping

from django.contrib.auth.models import AbstractBaseUser

from annotation.models import Preferences


def preferences_of(user: AbstractBaseUser) -> Preferences:
    """What is stored, or what a user begins with: nothing."""
    return Preferences.objects.filter(pk=user.pk).first() or Preferences(user_id=user.pk)


def keep_preferences(
    *, user: AbstractBaseUser, keys: Mapping[str, str], settings: Mapping[str, str | float | bool | None]
) -> Preferences:
    """Replace all of them."""
    changed = {"keys": dict(keys), "settings": dict(settings)}
    kept, _ = Preferences.objects.update_or_create(user_id=user.pk, defaults=changed)
    return kept
