"""Who asks: a session of the browser, or a personal token of a program."""

from django.contrib.auth.models import AbstractBaseUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import SessionAuthentication as DjangoSession
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from annotation import team
from annotation.api.throttling import TOO_MANY, address_of, count

WRONG_TOKEN = "This token is unknown, expired or revoked. Make a new one on your account page."  # noqa: S105
SCHEMES = ("token", "bearer")
TOKEN = "token"  # noqa: S105  # what request.auth says of who came with one
MOST_FAILURES, COUNTED_S = 20, 60  # by address


class SessionAuthentication(DjangoSession):
    """Django's session, with CSRF enforced on every request of a signed-in user."""

    def authenticate_header(self, request: Request) -> str:
        """Without a challenge REST framework turns 401 into 403."""
        return "Session"


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Token dl_…`, or `Bearer dl_…`. No other page makes a browser send it: no CSRF check."""

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, str] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in SCHEMES:
            return None
        user = team.user_of_token(secret.strip())
        if user is not None:
            return user, TOKEN
        # Only failures are counted: behind one address there may be many programs, and one with an old token
        # must not lock the others out. Guessing is hopeless at any rate: a token has 256 random bits.
        if count(f"wrong_tokens:{address_of(request)}", COUNTED_S) > MOST_FAILURES:
            raise Throttled(wait=COUNTED_S, detail=TOO_MANY)
        raise AuthenticationFailed(WRONG_TOKEN)

    def authenticate_header(self, request: Request) -> str:
        return "Token"


def require_own_page(request: Request) -> None:
    """CSRF for requests of whom nobody is signed in yet, which the session does not ask for it."""
    SessionAuthentication().enforce_csrf(request)
