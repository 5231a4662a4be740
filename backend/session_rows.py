"""Sessions as Django keeps them in the database; each request finds its own by a query that is made once."""

from datetime import datetime

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from annotation.prepared import Prepared

_VALID = Prepared(
    Session,
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now),
    key=str,
    now=datetime,
)


class SessionStore(db.SessionStore):
    """What settings.SESSION_ENGINE asks for."""

    def _get_session_from_db(self) -> Session | None:
        found = _VALID.first(key=self.session_key or "", now=timezone.now())
        if found is None:
            self._session_key = None
        return found
