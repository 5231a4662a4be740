"""Files in which strings that identify somebody are planted wherever a format has room for them.

Each place has a string of its own, so that what is found tells where it came from.
"""

import gzip
import io
import zipfile
from pathlib import Path

import nibabel as nib
import nrrd
import numpy as np
from pydicom import Dataset, dcmread
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID

from annotation.imaging.segmentations import rtstruct_writer, seg_writer
from annotation.imaging.segmentations.layers import Code, Segment, Segmentation
from tests.annotation.imaging.files import scan_voxels, write_series
from training.volume import Geometry

SHAPE = (16, 14, 6)
BIRTH_DATE, STUDY_DATE, ACQUISITION_DATE, SERIES_DATE = "19430217", "20190722", "20190725", "20190724"
STUDY_UID, SERIES_UID, FRAME_UID = "1.3.77.4440001.1", "1.3.77.4440002.1", "1.3.77.4440003.1"
INSTANCE_UID, MEDIA_UID, OTHER_UID = "1.3.77.4440004", "1.3.77.4440005.1", "1.3.77.4440006.1"
GREEK, JAPANESE = "Παπαδοπούλου", "山田太郎"

# Element by keyword: the text of its place.
PLAIN = {
    "PatientName": "Quexington^Wilhelmina",
    "PatientID": "MRN-77310455",
    "OtherPatientNames": "Zorbleworth",
    "PatientBirthName": "Vandermauve",
    "PatientMotherBirthName": "Ickelhausen",
    "PatientAddress": "Plumtreegasse 77",
    "PatientTelephoneNumbers": "+4367055512345",
    "PatientComments": "sister of Frabjous",
    "EthnicGroup": "Gorgonish",
    "Occupation": "Lamplighterin",
    "AccessionNumber": "ACC9917733",
    "StudyID": "STUDYZK41",
    "InstitutionName": "Kreuzspinnen Klinikum",
    "InstitutionAddress": "Muehlradweg 9",
    "InstitutionalDepartmentName": "Roentgenabteilung Q",
    "ReferringPhysicianName": "Drosselbart^Egon",
    "PerformingPhysicianName": "Haferkamp^Ilse",
    "OperatorsName": "Stuttgarter^Timo",
    "PhysiciansOfRecord": "Wackernagel^Udo",
    "StationName": "CTQUAGMIRE7",
    "DeviceSerialNumber": "SN55501929",
    "StudyDescription": "Abdomen of Tillyfroth",
    "SeriesDescription": "Phase of Muckelborn",
    "ProtocolName": "ProtoOfBinselruh",
    "ImageComments": "seen by Oberwaltz",
    "RequestedProcedureDescription": "for Schnittlauchner",
    "ContrastBolusAgent": "given by Pfifferling",
    "ManufacturerModelName": "SOMATOM KNABBERTON",
    "Manufacturer": "SIEMENS Brummkreis",
    "ConvolutionKernel": "Kernelheim",
    "BodyPartExamined": "BAUCHNUPF",
    "AcquisitionComments": "Quittenbaum waited",
}
# Elsewhere, by a name of the place.
ELSEWHERE = {
    "preamble": "PREAMBLEHOLZ",
    "source application": "AETSTRUWWEL",
    "private file meta": "METAKNOSPE",
    "private creator": "CREATORBLIESE",
    "private value": "Privatsteg Lore",
    "private sequence": "Schattenmorelle",
    "nested sequence": "Nesthaken Olga",
    "other patient ids": "OPID6612007",
    "overlay data": "OVERLAYBLUME",
    "overlay label": "Overlabelius",
    "curve data": "CURVENKRATZ",
    "curve label": "Kurvenlabelin",
    "trailing bytes": "TRAILINGTROLL",
    "zip comment": "Zipkommentator",
    "zip member comment": "Memberkommentar",
    "zip folder": "Ordner_Zwickelbart_Anna",
    "zip name": "Archiv_Wurzelsepp_Udo.zip",
    "dicom name": "Bild_Federkielmann_Rosa",
    "drawing name": "Kontur_Kieselwetter_Jan.dcm",
    "damaged dicom name": "Bild_Distelfinkova_Eva.dcm",
    "upload folder": "Ordner_Hexenschuss_Karl",
    "nifti name": "Scan_Lavendelmoor_Ute.nii.gz",
    "damaged nifti name": "Scan_Karfunkelstein_Ali.nii.gz",
    "nrrd name": "Scan_Regenpfeiferl_Max.nrrd",
    "structure set": "Konturset Birnbichl",
    "structure set label": "LABELSCHOPF",
    "rt operator": "Kontorist^Paula",
    "reviewer": "Reviewinger^Ottokar",
    "roi description": "traced for Nudelbeck",
    "interpreter": "Deutewitz^Ria",
    "seg creator": "Segmentarius^Bela",
    "seg description": "Segtext Ahornhain",
    "nifti descrip": "descrip Lindwurmer",
    "nifti aux": "aux_Gurkenhain",
    "nifti db_name": "dbMaulbeere",
    "nifti intent": "intentZaunkoen",
    "nifti extension": "Extension Holundra",
    "nifti trailing": "NIFTITRAILER",
    "gzip file name": "Gzipnamensky.nii",
    "nrrd comment": "commented by Schleiereul",
    "nrrd key": "Keyvaluesson",
    "nrrd content": "contentTaubenschlag",
    "greek": GREEK,
    "japanese": JAPANESE,
}
UIDS = (STUDY_UID, SERIES_UID, FRAME_UID, INSTANCE_UID, MEDIA_UID, OTHER_UID)
DATES = (BIRTH_DATE, STUDY_DATE, ACQUISITION_DATE, SERIES_DATE)


def planted() -> dict[str, list[bytes]]:
    """Return by place the bytes to look for: the words of a text, in every encoding that it may get."""
    found = {place: _forms(text) for place, text in (PLAIN | ELSEWHERE).items()}
    found |= {f"uid {uid}": [uid.encode()] for uid in UIDS}
    return found | {f"date {d}": [d.encode(), f"{d[:4]}-{d[4:6]}-{d[6:]}".encode()] for d in DATES}


def _forms(text: str) -> list[bytes]:
    """Return the longest word of a text, which is the one that nothing else has."""
    word = max(text.replace("^", " ").replace("_", " ").replace(".", " ").split(), key=len)
    forms = {
        word.encode(code) for code in ("utf-8", "utf-16-le") + (() if word.isascii() else ("utf-16-be",))
    }
    if not word.isascii():
        forms |= {word.encode(code) for code in ("iso8859_7", "iso2022_jp", "shift_jis") if _fits(word, code)}
        forms.add(word.encode("unicode_escape"))
    return sorted(forms)


def _fits(word: str, code: str) -> bool:
    try:
        return bool(word.encode(code))
    except UnicodeEncodeError:
        return False


def series(folder: Path) -> list[Path]:
    """Write a CT series that is full of it; two charsets, one slice each."""
    paths = [
        path.rename(path.with_name(f"{ELSEWHERE['dicom name']}_{path.name}"))
        for path in write_series(folder, _air_at_the_rim())
    ]
    for number, path in enumerate(paths):
        data = dcmread(path)
        for keyword, text in PLAIN.items():
            setattr(data, keyword, text)
        _plant(data, number)
        data.save_as(path, enforce_file_format=True)
        with path.open("ab") as file:
            file.write(b"\0\0" + ELSEWHERE["trailing bytes"].encode())
    return paths


def _air_at_the_rim() -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    voxels = np.full(SHAPE, -1000, np.int16)
    voxels[3:13, 3:11] = scan_voxels(5, (10, 8, SHAPE[2]))
    return voxels


def _plant(data: Dataset, number: int) -> None:
    place = ELSEWHERE
    data.PatientBirthDate, data.StudyDate, data.SeriesDate = BIRTH_DATE, STUDY_DATE, SERIES_DATE
    data.AcquisitionDate = data.ContentDate = ACQUISITION_DATE
    data.StudyInstanceUID, data.SeriesInstanceUID = UID(STUDY_UID), UID(SERIES_UID)
    data.FrameOfReferenceUID = UID(FRAME_UID)
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = UID(f"{INSTANCE_UID}.{number + 1}")
    data.SpecificCharacterSet = "ISO_IR 192" if number % 2 else ["", "ISO 2022 IR 126", "ISO 2022 IR 87"]
    data.PatientAddress = f"{PLAIN['PatientAddress']} {GREEK} {JAPANESE}"
    data.OtherPatientNames = f"Yamada^Tarou={JAPANESE}"
    if number == 0:
        data.OtherPatientNames = PLAIN["OtherPatientNames"]
    inner = Dataset()
    inner.RequestedProcedureComments, inner.ReferencedSOPInstanceUID = place["nested sequence"], OTHER_UID
    middle = Dataset()
    middle.RequestAttributesSequence = Items([inner])
    data.RequestAttributesSequence = Items([middle])
    other = Dataset()
    other.PatientID, other.IssuerOfPatientID = place["other patient ids"], "hospital"
    data.OtherPatientIDsSequence = Items([other])
    _plant_in_groups(data)


def _plant_in_groups(data: Dataset) -> None:
    """Fill the private group, overlay, curve, preamble and file meta information."""
    place = ELSEWHERE
    block = data.private_block(0x0009, place["private creator"], create=True)
    block.add_new(1, "LO", place["private value"])
    hidden = Dataset()
    hidden.PatientComments = place["private sequence"]
    block.add_new(2, "SQ", Items([hidden]))
    data.add_new(0x60000010, "US", 8)
    data.add_new(0x60000011, "US", 8)
    data.add_new(0x60000022, "LO", place["overlay label"])
    data.add_new(0x60001500, "LO", place["overlay label"])
    data.add_new(0x60003000, "OW", place["overlay data"].encode())
    data.add_new(0x50002500, "LO", place["curve label"])
    data.add_new(0x50003000, "OW", _even(place["curve data"].encode()))
    data.preamble = place["preamble"].encode().ljust(128, b"\0")
    data.file_meta.SourceApplicationEntityTitle = place["source application"]
    data.file_meta.PrivateInformationCreatorUID = UID(MEDIA_UID)
    data.file_meta.PrivateInformation = _even(place["private file meta"].encode())


def _even(data: bytes) -> bytes:
    return data + b"\0" * (len(data) % 2)


def drawings(folder: Path, paths: list[Path]) -> list[Path]:
    """Write a SEG of a liver and an RTSTRUCT of a spleen on the series, full of it as well."""
    headers = [dcmread(path, stop_before_pixels=True) for path in paths]
    for header in headers:  # the writer of SEG takes only what the standard allows
        header.preamble = None
        header.DeidentificationMethod = "none"
        header.PatientSex = header.StudyTime = None
        header.SliceThickness = 2.5
        header.SpecificCharacterSet, header.OtherPatientNames = "ISO_IR 192", ""
        for tag in [one.tag for one in header if one.tag.group in (0x0009, 0x5000, 0x6000)]:
            del header[tag]
    geometry = Geometry(SHAPE, (0.7, 0.8, 2.5), (-20.0, -30.0, 40.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    seg, rt = folder / "seg.dcm", folder / ELSEWHERE["drawing name"]
    seg_writer.write(seg, _drawn(geometry, "Liver", "10200004", 4), headers)
    rtstruct_writer.write(rt, _drawn(geometry, "Spleen", "78961009", 8), headers)
    _plant_in_seg(seg)
    _plant_in_rtstruct(rt)
    return [seg, rt]


def _drawn(geometry: Geometry, name: str, code: str, at: int) -> Segmentation:
    labels = np.zeros((1, *geometry.shape), np.uint8)
    labels[0, at : at + 4, 4:9, 1:5] = 1
    one = Segment(name, 0, 1, number=0, key=name.lower(), colour="#aa3311", code=Code(code, "SCT", name))
    return Segmentation(labels, geometry, (one,))


def _plant_in_seg(path: Path) -> None:
    data = dcmread(path)
    data.ContentCreatorName, data.ContentDescription = ELSEWHERE["seg creator"], ELSEWHERE["seg description"]
    data.SegmentSequence[0].SegmentDescription = ELSEWHERE["seg description"]
    data.OperatorsName, data.InstitutionName = ELSEWHERE["rt operator"], PLAIN["InstitutionName"]
    data.save_as(path, enforce_file_format=True)


def _plant_in_rtstruct(path: Path) -> None:
    data = dcmread(path)
    data.StructureSetLabel = ELSEWHERE["structure set label"]
    data.StructureSetName = data.StructureSetDescription = ELSEWHERE["structure set"]
    data.OperatorsName, data.ReviewerName = ELSEWHERE["rt operator"], ELSEWHERE["reviewer"]
    data.ApprovalStatus, data.ReviewDate, data.ReviewTime = "APPROVED", STUDY_DATE, "101112"
    data.StructureSetROISequence[0].ROIDescription = ELSEWHERE["roi description"]
    data.RTROIObservationsSequence[0].ROIInterpreter = ELSEWHERE["interpreter"]
    data.save_as(path, enforce_file_format=True)


def zipped(paths: list[Path]) -> bytes:
    """Pack files into a folder of a zip that is named after somebody."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.comment = ELSEWHERE["zip comment"].encode()
        for path in paths:
            info = zipfile.ZipInfo(f"{ELSEWHERE['zip folder']}/ct/{path.name}")
            info.comment = ELSEWHERE["zip member comment"].encode()
            packed.writestr(info, path.read_bytes())
    return held.getvalue()


def nifti(seed: int) -> bytes:
    """Return a .nii.gz with words in every text of its header, an extension, a tail and gzip's own header."""
    image = nib.Nifti1Image(scan_voxels(seed, SHAPE), np.diag([2.0, 2.0, 3.0, 1.0]))
    header = image.header
    header.set_xyzt_units("mm")
    header["descrip"], header["aux_file"] = ELSEWHERE["nifti descrip"], ELSEWHERE["nifti aux"]
    header["db_name"], header["intent_name"] = ELSEWHERE["nifti db_name"], ELSEWHERE["nifti intent"]
    header.extensions.append(nib.nifti1.Nifti1Extension("comment", ELSEWHERE["nifti extension"].encode()))
    whole = image.to_bytes() + ELSEWHERE["nifti trailing"].encode()
    held = io.BytesIO()
    with gzip.GzipFile(filename=ELSEWHERE["gzip file name"], mode="wb", fileobj=held) as packed:
        packed.write(whole)
    return held.getvalue()


def nrrd_scan(path: Path, seed: int) -> bytes:
    """Return a .nrrd with comments, key-value pairs and a content field."""
    header = {
        "space": "left-posterior-superior",
        "space directions": np.diag([2.0, 2.0, 3.0]),
        "space origin": np.zeros(3),
        "content": ELSEWHERE["nrrd content"],
        "Keyed": ELSEWHERE["nrrd key"],
        "encoding": "gzip",
    }
    nrrd.write(str(path), scan_voxels(seed, SHAPE), header)
    magic, rest = path.read_bytes().split(b"\n", 1)
    return magic + b"\n# " + ELSEWHERE["nrrd comment"].encode() + b"\n" + rest


def cut_short(path: Path) -> bytes:
    """Return a slice that cannot be decoded: what is said of it must not quote it."""
    return path.read_bytes()[:-300]


def files(work: Path) -> dict[str, bytes]:
    """Return what is uploaded, by path below its folder: names of files name somebody, too."""
    ct = series(work / "ct")
    drawn = drawings(work, ct)
    name = ELSEWHERE
    return {
        name["zip name"]: zipped([*ct, *drawn]),
        f"ct/{name['nifti name']}": nifti(11),
        f"ct/{name['nrrd name']}": nrrd_scan(work / "b.nrrd", 12),
        f"bad/{name['damaged dicom name']}": cut_short(ct[0]),
        f"bad/{name['damaged nifti name']}": nifti(13)[:400],
    }
