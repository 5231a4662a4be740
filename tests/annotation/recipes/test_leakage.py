"""Signatures in the database: copies are listed, and a copy joins the split of the first."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from django.db import transaction
from pytest_django.fixtures import DjangoAssertNumQueries

from annotation import ingest, recipes
from annotation.imaging.signature import SIDE, Signature, compare, signature_of
from annotation.imaging.signature_words import words_of
from annotation.models import Case, Project, ScanCopy, SignatureWord, Split, VolumeSignature
from tests.annotation.factories import make_case
from training.phantom import make_phantom
from training.volume import Volume

pytestmark = pytest.mark.django_db


def image(seed: int) -> Volume:
    return make_phantom(seed, shape=(64, 64, 32), spacing_mm=(4.5, 4.5, 6.0)).image


def crop(whole: Volume) -> Volume:
    voxels = np.ascontiguousarray(whole.voxels[:, :, 4:26])
    return Volume(voxels, replace(whole.geometry, shape=(64, 64, 22)))


@dataclass(frozen=True)
class Kept:
    case: Case
    of: Signature


def keep(project: Project, of: Volume, split: Split = Split.POOL) -> Kept:
    kept = Kept(make_case(project, split=split), signature_of(of))
    recipes.add_signature(kept.case.volume, kept.of, recipes.Search(kept.of).found())
    return kept


def test_what_is_stored_is_what_was_computed(project: Project) -> None:
    kept = keep(project, image(1))
    again = recipes.signature_in(VolumeSignature.objects.get())
    assert again.hashes == kept.of.hashes
    assert np.array_equal(again.profile, kept.of.profile)
    assert set(SignatureWord.objects.values_list("word", flat=True)) == words_of(kept.of)
    recipes.add_signature(kept.case.volume, kept.of, {})
    assert VolumeSignature.objects.count() == 1
    assert SignatureWord.objects.count() == len(words_of(kept.of))


def test_a_copy_is_found_and_joins_the_split_of_the_first(project: Project) -> None:
    keep(project, image(2))
    first = keep(project, image(1), Split.TEST)
    copies = recipes.certain(recipes.Search(signature_of(crop(image(1)))).found())
    assert copies == [first.case.volume_id]
    assert recipes.split_of_copies(project, copies) == "test"
    assert recipes.split_of_copies(project, []) is None


def test_a_scan_with_other_voxels_is_found_by_what_it_looks_like(project: Project) -> None:
    """Every second row and column, mirrored: no slice is shared, and only words lead to it."""
    first = keep(project, image(1))
    whole = image(1)
    geometry = replace(whole.geometry, shape=(32, 32, 32), spacing_mm=(9.0, 9.0, 6.0))
    thinned = signature_of(Volume(np.ascontiguousarray(whole.voxels[::-2, ::2]), geometry))
    assert not thinned.hashes & first.of.hashes
    (figures,) = recipes.Search(thinned).found().values()
    assert figures == compare(thinned, first.of)
    SignatureWord.objects.all().delete()
    assert recipes.Search(thinned).found() == {}


def test_what_is_nothing_alike_is_not_even_read(
    project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Of a scan that shares neither slices nor words the profile stays in the database."""
    keep(project, image(1))
    noise = np.random.default_rng(5).integers(0, 256, (2, 10, SIDE, SIDE), np.uint8)
    of = Signature(frozenset({1, 2, 3}), noise)
    with django_assert_num_queries(2):
        assert recipes.Search(of).found() == {}


def test_the_strictest_split_wins(project: Project) -> None:
    kept = [keep(project, image(1), split) for split in (Split.POOL, Split.TEST, Split.VALIDATION)]
    ids = [one.case.volume_id for one in kept]
    assert recipes.split_of_copies(project, ids) == "test"
    assert recipes.split_of_copies(project, [ids[0], ids[2]]) == "validation"


def test_a_search_that_is_repeated_finds_what_came_meanwhile_and_drops_what_was_rolled_back(
    project: Project,
) -> None:
    search = recipes.Search(signature_of(crop(image(1))))
    assert search.found() == {}
    elsewhere, case = keep(project, image(1)), make_case(project)

    def add_and_fail() -> None:
        with transaction.atomic():
            recipes.add_signature(case.volume, signature_of(image(1)), {})
            assert set(search.found()) == {elsewhere.case.volume_id, case.volume_id}
            raise RuntimeError

    with pytest.raises(RuntimeError):
        add_and_fail()
    assert set(search.found()) == {elsewhere.case.volume_id}


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
    assert set(recipes.Search(kept.of).found()) == {kept.case.volume_id}
    VolumeSignature.objects.filter(volume=kept.case.volume).update(version=99)
    assert recipes.Search(kept.of).found() == {}


def test_a_volume_takes_its_signature_with_it(project: Project) -> None:
    kept = keep(project, image(1))
    volume = kept.case.volume
    keep(project, crop(image(1)))
    assert ScanCopy.objects.count() == 1
    kept.case.delete()
    volume.delete()
    assert VolumeSignature.objects.count() == 1
    assert not ScanCopy.objects.exists()


def test_volumes_from_before_are_signed_once_and_their_copies_listed(project: Project) -> None:
    """One that has no signature gets it from its voxels; one without words gets these from its profile."""
    whole = image(1)
    first = ingest.add_case(project=project, volume=whole, name="a", patient_key="a", split="pool")
    ingest.add_case(project=project, volume=crop(whole), name="b", patient_key="b", split="pool")
    third = ingest.add_case(project=project, volume=image(2), name="c", patient_key="c", split="pool")
    words = set(SignatureWord.objects.values_list("signature", "word"))
    VolumeSignature.objects.filter(volume=first.volume).delete()
    SignatureWord.objects.filter(signature=third.volume_id).delete()
    ScanCopy.objects.all().delete()
    assert ingest.sign_volumes() == 2
    assert set(SignatureWord.objects.values_list("signature", "word")) == words
    assert [(pair.first_id, pair.second_id) for pair in ScanCopy.objects.filter(same_slices__gt=0)] == [
        (first.volume_id, first.volume_id + 1)
    ]
    assert ingest.sign_volumes() == 0
