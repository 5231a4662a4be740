"""Signatures of volumes that came in before there were any: what finds copies of them from then on."""

import time

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from annotation.imaging import signature
from annotation.imaging.signature import signature_of
from annotation.ingest.cases import read_voxels
from annotation.models import NO_IMAGE, SignatureWord, Volume, VolumeSignature
from annotation.recipes import Search, add_signature, keep_words, signature_in
from training.progress import OnProgress, Progress, ignore_progress
from training.volume import Volume as Scan


def sign_volumes(on_progress: OnProgress = ignore_progress) -> int:
    """Give every volume that lacks one a signature, and list its copies. Returns how many there were.

    Each is committed by itself: what was interrupted goes on where it was. Splits stay as they are; a lead
    finds copies that are in two of them in the list of copies.
    """
    ids = list(unsigned().values_list("pk", flat=True))
    began = time.monotonic()
    for done, volume_id in enumerate(ids):
        left = (time.monotonic() - began) / done * (len(ids) - done) if done else None
        on_progress(Progress("signing", done, len(ids), seconds_left=left))
        volume = Volume.objects.filter(pk=volume_id).first()
        if volume is not None:  # it may have been removed meanwhile
            _sign(volume)
    on_progress(Progress("signing", len(ids), len(ids)))
    return len(ids)


def unsigned() -> QuerySet[Volume]:
    """Return the volumes with an image that lack a signature, or its words."""
    signed = VolumeSignature.objects.filter(volume=OuterRef("pk"), version=signature.VERSION)
    no_words = ~Exists(SignatureWord.objects.filter(signature=OuterRef("pk")))
    waits = signed.filter(slices__gt=0).filter(no_words)
    volumes = Volume.objects.exclude(modality=NO_IMAGE)
    return volumes.filter(~Exists(signed) | Q(Exists(waits))).order_by("pk")


def _sign(volume: Volume) -> None:
    row = VolumeSignature.objects.filter(volume=volume, version=signature.VERSION).first()
    if row is not None:
        with transaction.atomic():
            keep_words(row, signature_in(row))
        return
    of = signature_of(Scan(read_voxels(volume), volume.geometry))
    copies = Search(of).found()
    with transaction.atomic():
        add_signature(volume, of, copies)
