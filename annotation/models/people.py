"""What the product remembers of a person, whatever they work on."""

from django.conf import settings
from django.db import models


class Preferences(models.Model):
    """A user's own keys and settings."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="preferences"
    )
    keys = models.JSONField(default=dict, blank=True)
    settings = models.JSONField(default=dict, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"preferences of {self.user}"
