"""Delineations leave: a selection in one of the field's formats, one file with a manifest that proves it."""

from annotation.exports.asking import download, export_named, exports_of, remove, request_export, run
from annotation.exports.building import build
from annotation.exports.packing import FolderSink, ZipSink
from annotation.exports.selecting import Item, Order, chosen

__all__ = [
    "FolderSink",
    "Item",
    "Order",
    "ZipSink",
    "build",
    "chosen",
    "download",
    "export_named",
    "exports_of",
    "remove",
    "request_export",
    "run",
]
