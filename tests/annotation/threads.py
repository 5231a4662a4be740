"""Calls that really meet: each in its own thread and database connection, let go at the same moment."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

Answer = TypeVar("Answer")


def at_once(
    calls: Sequence[Callable[[], Answer]], connections: int | None = None
) -> list[Answer | Exception]:
    """What each call returned or raised, in their order.

    `connections`: so many at a time, as a server has; the others wait for one. None = one for each.
    """
    gate = threading.Barrier(len(calls))
    free = threading.Semaphore(connections or len(calls))

    def run(call: Callable[[], Answer]) -> Answer | Exception:
        try:
            if connections is None:
                connection.ensure_connection()
            gate.wait(timeout=30)
            with free:
                try:
                    return call()
                finally:
                    connection.close()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
