"""What stands for UIDs and dates: the same for the same, valid, and not to be guessed without the secret."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID

from annotation.imaging.dicom import Identity, pseudonyms_of
from annotation.imaging.dicom.pseudonyms import MOST_DAYS_SHIFTED

UIDS = st.from_regex(r"[1-9]\d{0,8}(\.[1-9]\d{0,8}){1,4}", fullmatch=True)
DATES = st.dates(date(1920, 1, 1), date(2100, 1, 1))


@given(UIDS, UIDS)
def test_uids_stay_apart_and_together(study: str, series: str) -> None:
    known = pseudonyms_of("secret", "patient", Identity(study, series))
    assert known == pseudonyms_of("secret", "patient", Identity(f" {study} ", series))
    assert known.study_uid == pseudonyms_of("secret", "other", Identity(study)).study_uid
    assert (known.study_uid == known.series_uid) == (study == series)
    assert known.study_uid != pseudonyms_of("another", "patient", Identity(study, series)).study_uid
    for uid in (known.study_uid, known.series_uid):
        assert UID(uid).is_valid
        assert uid.startswith("2.25.")
        assert len(study) < 12 or study not in uid


@given(UIDS)
def test_stacks_of_a_series_have_their_own(series: str) -> None:
    stacks = {pseudonyms_of("s", "p", Identity("1", series, stack)).series_uid for stack in range(3)}
    assert len(stacks) == 3


@given(DATES, DATES)
def test_intervals_of_a_patient_stay(first: date, second: date) -> None:
    def shifted(day: date, patient: str = "patient") -> date:
        found = pseudonyms_of("secret", patient, Identity(acquired_on=f"{day:%Y%m%d}")).acquired_on
        assert found is not None
        return found

    assert shifted(second) - shifted(first) == second - first
    assert timedelta(1) <= first - shifted(first) <= timedelta(MOST_DAYS_SHIFTED)
    assert len({shifted(first, f"patient {n}") for n in range(20)}) > 10


def test_what_is_no_date_is_none() -> None:
    for said in ("", "2019", "20191301", "20190230", "yesterday", "2019-1-1", "００００００００", "00010101"):
        assert pseudonyms_of("s", "p", Identity(acquired_on=said)).acquired_on is None
    assert pseudonyms_of("s", "p", Identity()).study_uid == ""
