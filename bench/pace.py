"""How fast this machine is at the moment: what the other figures are to be read against.

Budgets are held to the clock wherever they are measured. The same code takes two or three times as long on
another machine, or on this one while its host is busy, and these rows tell the two apart.
"""

import json
from collections.abc import Iterator

import numpy as np

from bench import ready  # noqa: F401

# isort: split
from django.db import connection

from bench.table import Row, hand_over, median_ms, seconds

REPEATS = 21
RECORDS = [{"name": f"part {number}", "box": [number, number + 8]} for number in range(2000)]
VOXELS = 32 * 1024 * 1024


def main() -> None:
    hand_over(_rows())


def _rows() -> Iterator[Row]:
    yield _row("pace of this machine: 2000 records to JSON and back, in Python", f"{_words_ms():.1f} ms")
    yield _row("… 64 MiB copied", f"{_copied_gb_per_s():.1f} GB/s")
    yield _row("… the shortest statement, to Postgres and back", f"{_statement_ms() * 1000:.0f} µs")


def _row(work: str, measured: str) -> Row:
    return Row(work, measured, "–", None)


def _words_ms() -> float:
    return median_ms(seconds(lambda: json.loads(json.dumps(RECORDS))) for _ in range(REPEATS))


def _copied_gb_per_s() -> float:
    source, target = np.ones(VOXELS, np.int16), np.zeros(VOXELS, np.int16)
    took_ms = median_ms(seconds(lambda: np.copyto(target, source)) for _ in range(REPEATS))
    return source.nbytes / 1e6 / took_ms


def _statement_ms() -> float:
    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    ask()
    return median_ms(seconds(ask) for _ in range(10 * REPEATS))


if __name__ == "__main__":
    main()
