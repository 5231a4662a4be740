"""Who may get an account and by what they show who they are; each sign-in leaves a row in the audit."""

import base64
from typing import Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from annotation import audit
from backend.attempts import CountedAttempts


class ClosedSignup(CountedAttempts):
    """Accounts are made by an administrator or with an invitation; nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **given: Any) -> HttpResponse:
        methods = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
        audit.note(
            audit.Action.SIGN_IN,
            noun="session",
            user=user.pk,
            detail={"with": sorted({str(one.get("method")) for one in methods})},
        )
        response: HttpResponse = super().post_login(request, user, **given)
        return response

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """What was typed is not kept: people type passwords into the field for names."""
        meant = User.objects.filter(username=credentials.get("username", "")).values_list("pk", flat=True)
        audit.note(audit.Action.SIGN_IN_FAILED, noun="session", user=meant.first())
        super().authentication_failed(request, **credentials)

    def logout(self, request: HttpRequest) -> None:
        if request.user.is_authenticated:
            audit.note(audit.Action.SIGN_OUT, noun="session", user=request.user.pk)
        super().logout(request)


class Sessions(DefaultUserSessionsAdapter):  # type: ignore[misc]
    """A person's sessions, wherever they are signed in."""

    def end_sessions(self, sessions: list[UserSession]) -> None:
        for user in {session.user_id for session in sessions}:
            ended = sum(session.user_id == user for session in sessions)
            audit.note(audit.Action.SIGN_OUT, noun="session", user=user, detail={"sessions": ended})
        super().end_sessions(sessions)


class SecondFactor(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of authenticator apps lie encrypted: a copy of the database alone does not open accounts."""

    def encrypt(self, text: str) -> str:
        return _boxes().encrypt(text.encode()).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        return _boxes().decrypt(encrypted_text.encode("ascii")).decode()


def _boxes() -> MultiFernet:
    """One for SECRET_KEY and each of those before it, so that a key can be changed."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    derived = (HKDF(SHA256(), 32, None, b"second factor").derive(key.encode()) for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])


class SingleSignOn(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """The hospital's own sign-in, for accounts that were connected to it by their owner.

    Neither an e-mail address nor a user name of the provider opens an account: both can be given to somebody
    else there. Who is signed in here connects the account once, and from then on the provider's subject
    identifier opens it.
    """

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def validate_disconnect(self, account: SocialAccount, accounts: list[SocialAccount]) -> None:
        if len(accounts) == 1 and not account.user.has_usable_password():
            raise ValidationError("This is the only way into your account. Set a password first.")
