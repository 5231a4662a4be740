"""How often somebody may ask for what costs a lot, or try what they may not know."""

import logging

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

TOO_MANY = "Too many attempts. Wait a minute and try again."
TOO_OFTEN = "This was asked for too often. Wait a little and try again."
_log = logging.getLogger(__name__)


def address_of(request: Request) -> str:
    """Where a request comes from, as far as the proxies before us can be trusted."""
    return str(get_adapter().get_client_ip(request._request))


def count(key: str, seconds: int) -> int:
    """How many times this was counted since the first time, at most `seconds` ago, with this time.

    1 where nothing can be counted: who works must not stand still because the cache does.
    """
    counter = f"counted:{key}"
    try:
        cache.add(counter, 0, seconds)
        return int(cache.incr(counter))
    except ValueError:  # the time ended between the two
        return 1
    except RedisError as error:
        _log.warning("A request could not be counted: %s.", type(error).__name__)
        return 1


class Limited(BaseThrottle):
    """One of settings.REQUEST_LIMITS: so many times in so many seconds, for each user."""

    def __init__(self, limit: str) -> None:
        self.limit = limit
        self.most, self.seconds = settings.REQUEST_LIMITS[limit]

    def allow_request(self, request: Request, view: object) -> bool:
        who = request.user.pk if request.user.is_authenticated else address_of(request)
        return count(f"{self.limit}:{who}", self.seconds) <= self.most

    def wait(self) -> float:
        """Seconds after which it is possible again for certain."""
        return float(self.seconds)
