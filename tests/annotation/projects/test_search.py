import pytest

from annotation import catalogue
from annotation.models import Structure
from annotation.projects import regions, search
from annotation.projects.search import OWN

pytestmark = pytest.mark.django_db


def keys(text: str = "", *, region: str = "", side: str | None = None) -> list[str]:
    return [found.key for found in search(text, region=region, side=side)]


def test_everything_in_the_order_of_the_catalogue() -> None:
    assert keys() == list(catalogue.entries())


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("liver", "liver"),
        ("Oesophagus", "esophagus"),
        ("eso", "esophagus"),
        ("postcava", "inferior_vena_cava"),
        ("left kidney", "kidney_left"),
        ("kidney L", "kidney_left"),
        ("LeftParotid", "parotid_gland_left"),
        ("vertebra L1", "vertebrae_l1"),
        ("rib 7 left", "rib_7_left"),
        ("  LIVER  ", "liver"),
    ],
)
def test_by_name_and_other_spellings(text: str, first: str) -> None:
    assert keys(text)[0] == first


def test_words_in_any_order_and_half_written() -> None:
    assert keys("gland par ri")[0] == "parotid_gland_right"
    assert "lens_left" in keys("head neck left")


def test_by_region_and_side() -> None:
    heads = keys(region="head_neck")
    assert {"brain", "mandible", "lens_left"} <= set(heads)
    assert "liver" not in heads
    right = keys(region="head_neck", side="right")
    assert right
    assert all(key.endswith("_right") for key in right)
    assert "brain" in keys(region="head_neck", side="")
    assert keys("kidney", side="left")[0] == "kidney_left"


def test_nothing_found() -> None:
    assert keys("appendix vermiformis") == []
    assert keys("%") == keys()


def test_as_the_database_has_them() -> None:
    catalogue.load()
    Structure.objects.filter(key="liver").update(name="Leber", colour="#123456")
    found = search("leber")[0]
    assert (found.key, found.name, found.colour, found.region) == ("liver", "Leber", "#123456", "abdomen")
    assert len(search()) == len(catalogue.entries())


def test_what_was_made_here() -> None:
    made = catalogue.structure_named("PTV 56")
    assert keys("ptv") == [made.key]
    assert keys(region=OWN) == [made.key]
    assert set(regions()) >= {entry.region for entry in catalogue.entries().values()}
