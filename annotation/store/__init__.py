"""Bytes that do not belong into the database: images and weights. Keys are made by the server alone.

Any storage of Django with the alias "store" will do. On a file system everything is written under a temporary
name, flushed to the disk and renamed, so that a key either holds all of its bytes or does not exist.
"""

from annotation.store.backends import Entry
from annotation.store.keeping import bring_back, delete_tree, new_tree, put, put_tree
from annotation.store.listing import entries, keys_before, unfinished_before
from annotation.store.reading import exists, local_path, open, read
from annotation.store.sums import Sum, sum_of

__all__ = [
    "Entry",
    "Sum",
    "bring_back",
    "delete_tree",
    "entries",
    "exists",
    "keys_before",
    "local_path",
    "new_tree",
    "open",
    "put",
    "put_tree",
    "read",
    "sum_of",
    "unfinished_before",
]
