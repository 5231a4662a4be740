"""Signatures in the database: copies are listed, and a copy joins the split of the first."""

from dataclasses import dataclass

import numpy as np
import pytest
from django.db import transaction

from annotation import recipes
from annotation.imaging.signature import Signature, signature_of
from annotation.models import Case, Project, ScanCopy, Split, VolumeSignature
from tests.annotation.factories import make_case
from training.phantom import make_phantom
from training.volume import Volume

pytestmark = pytest.mark.django_db


def image(seed: int) -> Volume:
    return make_phantom(seed, shape=(64, 64, 32), spacing_mm=(4.5, 4.5, 6.0)).image


def crop(whole: Volume) -> Volume:
    return Volume(whole.voxels[:, :, 4:26], whole.geometry)


@dataclass(frozen=True)
class Kept:
    case: Case
    of: Signature


def keep(project: Project, of: Volume, split: Split = Split.POOL) -> Kept:
    kept = Kept(make_case(project, split=split), signature_of(of))
    library = recipes.Library()
    library.add(kept.case.volume, kept.of, library.copies_of(kept.of))
    return kept


def test_what_is_stored_is_what_was_computed(project: Project) -> None:
    kept = keep(project, image(1))
    again = recipes.Library().of(kept.case.volume_id)
    assert again is not None
    assert again.hashes == kept.of.hashes
    assert np.array_equal(again.profile, kept.of.profile)
    recipes.Library().add(kept.case.volume, kept.of, {})
    assert VolumeSignature.objects.count() == 1


def test_a_copy_is_found_by_the_library_and_joins_the_split_of_the_first(project: Project) -> None:
    keep(project, image(2))
    first = keep(project, image(1), Split.TEST)
    incoming = signature_of(crop(image(1)))
    library = recipes.Library()
    assert len(library) == 2
    copies = recipes.certain(library.copies_of(incoming))
    assert copies == [first.case.volume_id]
    assert recipes.split_of_copies(project, copies) == "test"
    assert recipes.split_of_copies(project, []) is None


def test_the_strictest_split_wins(project: Project) -> None:
    kept = [keep(project, image(1), split) for split in (Split.POOL, Split.TEST, Split.VALIDATION)]
    ids = [one.case.volume_id for one in kept]
    assert recipes.split_of_copies(project, ids) == "test"
    assert recipes.split_of_copies(project, [ids[0], ids[2]]) == "validation"


def test_a_library_knows_what_an_import_has_just_added(project: Project) -> None:
    library = recipes.Library()
    case = make_case(project)
    of = signature_of(image(1))
    with transaction.atomic():
        library.add(case.volume, of, library.copies_of(of))
    assert recipes.certain(library.copies_of(signature_of(crop(image(1))))) == [case.volume_id]


def test_a_library_takes_in_what_others_add_and_forgets_what_was_rolled_back(project: Project) -> None:
    library = recipes.Library()
    elsewhere = keep(project, image(1))
    case = make_case(project)

    def add_and_fail() -> None:
        with transaction.atomic():
            library.add(case.volume, signature_of(image(2)), {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        add_and_fail()
    assert library.refresh() == {elsewhere.case.volume_id}
    assert len(library) == 1
    assert library.of(elsewhere.case.volume_id) is not None
    assert library.of(case.volume_id) is None


def test_copies_are_listed_once_and_those_in_two_splits_first(
    project: Project, other_project: Project
) -> None:
    one, copy = keep(project, image(1)), keep(project, crop(image(1)), Split.TEST)
    keep(project, image(2))
    abroad = keep(other_project, image(2))
    keep(other_project, image(3))
    found = [pair for pair in recipes.suspected_copies(project) if pair.same_slices]
    assert [(pair.case.pk, pair.other.pk, pair.split_apart) for pair in found] == [
        (one.case.pk, copy.case.pk, True),
        (project.cases.get(number=3).pk, abroad.case.pk, False),
    ]
    (only,) = [pair for pair in recipes.suspected_copies(other_project) if pair.same_slices]
    assert (only.case.pk, only.other.project_id) == (abroad.case.pk, project.pk)


def test_signatures_of_another_version_are_not_compared(project: Project) -> None:
    kept = keep(project, image(1))
    VolumeSignature.objects.filter(volume=kept.case.volume).update(version=99)
    assert len(recipes.Library()) == 0


def test_a_volume_takes_its_signature_with_it(project: Project) -> None:
    kept = keep(project, image(1))
    volume = kept.case.volume
    keep(project, crop(image(1)))
    assert ScanCopy.objects.count() == 1
    kept.case.delete()
    volume.delete()
    assert VolumeSignature.objects.count() == 1
    assert not ScanCopy.objects.exists()
