"""What is kept of a DICOM header: a short list of values that describe the scan and name nobody.

Only what is listed here is looked at, and only values of the form that the standard or vendors give them.
"""

import re
from collections.abc import Callable
from typing import Any

from pydicom import Dataset

from annotation.imaging.dicom.headers import functional_parts, value_in

Value = str | float | bool | list[float]

# Words of vendors as they stand in (0008,0070), in whatever case and with whatever legal form.
_VENDORS = {
    "GE": r"\bGE\b|GENERAL ELECTRIC",
    "Siemens": r"SIEMENS",
    "Philips": r"PHILIPS|MARCONI|PICKER",
    "Canon": r"\bCANON\b",
    "Toshiba": r"TOSHIBA",
    "Hitachi": r"HITACHI",
    "Fujifilm": r"FUJIFILM",
    "United Imaging": r"UNITED ?IMAGING|\bUIH\b",
    "Neusoft": r"NEUSOFT",
    "Samsung": r"SAMSUNG|NEUROLOGICA",
    "Shimadzu": r"SHIMADZU",
    "Varian": r"VARIAN",
    "Elekta": r"ELEKTA",
    "Accuray": r"ACCURAY|TOMOTHERAPY",
    "Imaging Sciences": r"IMAGING SCIENCES",
    "Carestream": r"CARESTREAM|KODAK",
    "Planmeca": r"PLANMECA",
    "Mediso": r"MEDISO",
}
_OTHER = "other"
# Scanners' series and what may follow them (Definition AS, CT750 HD, ICT 256): all else could be a name.
_MODELS = re.compile(
    r"^(?!.*\d{5})(?:SOMATOM|SENSATION|EMOTION|BIOGRAPH|NAEOTOM|DEFINITION|VOLUME ZOOM|VOLUMEZOOM|"
    r"PERSPECTIVE|SYMBIA|"
    r"LIGHTSPEED|DISCOVERY|REVOLUTION|OPTIMA|BRIGHTSPEED|HISPEED|PROSPEED|HILIGHT|"
    r"BRILLIANCE|INGENUITY|ICT|IQON|MX ?8000|GEMINI|VEREOS|INCISIVE|SPECTRAL|PRECEDENCE|ASTEION|"
    r"AQUILION|ALEXION|ASTEON|SCENARIA|SUPRIA|ECLOS|UCT|UMI|NEUVIZ|BODYTOM|CERETOM)"
    r"(?:[ ./_-](?:SENSATION|EMOTION|DEFINITION|PERSPECTIVE|BIOGRAPH|CARDIAC|CARE|DUAL|SOURCE|EDGE|FLASH|"
    r"FORCE|"
    r"DRIVE|CONFIDENCE|SCOPE|SPIRIT|BALANCE|ESPRIT|VOLUME|ZOOM|ALPHA|PEAK|GO|TOP|NOW|ALL|UP|SIM|OPEN|PRO|ONE|"
    r"VISION|HORIZON|MCT|HI-?REZ|TRUEPOINT|LIGHTSPEED|PLUS|ULTRA|POWER|APEX|ASCEND|MAXIMA|FRONTIER|EVO|IDT|"
    r"VCT|XTRA|XTE?|RT|RTS|QX/?I|SYS|CT|PET|NM|HD|HDE|ES|EXPERT|ELITE|PRIME|LIGHTNING|GENESIS|EDITION|"
    r"LARGE|BIG|BORE|CORE|IQ|TF|SP|SPECTRAL|AIR|BRILLIANCE|INGENUITY|PRECEDENCE|MX|ICT|EXPRESS|VIEW|EPOCH|"
    r"AQUILION|ASTEION|ASTEON|LB|CX|CXL|RXL|SCENARIA|SUPRIA|AS\+?|[A-Z]\+?|[A-Z]{1,5}\d{1,4}[A-Z]{0,2})|"
    r"[ /_-]?\d{1,4}[A-Z]{0,2}\+?){0,4}$",
    re.IGNORECASE,
)
_KERNEL = re.compile(
    r"^(?:[A-Z]{1,3}\d{1,3}[A-Z]?(?:\\?\d)?|FC\d{1,3}|(?:YA|YB|YC|YD|[A-F])|STANDARD|SOFT|LUNG|BONE|BONEPLUS|DETAIL|"
    r"EDGE|CHEST|ULTRA|STND|SHARP|SMOOTH)$",
    re.IGNORECASE,
)
_BODY_PARTS = frozenset(
    {
        *("ABDOMEN", "ABDOMENPELVIS", "ABDPEL", "ANKLE", "AORTA", "ARM", "BRAIN", "BREAST"),
        *("CHEST", "CHESTABDOMEN", "CHESTABDPELVIS", "CSPINE", "CTSPINE", "ELBOW"),
        *("EXTREMITY", "FEMUR", "FOOT", "HAND", "HEAD", "HEADNECK", "HEART", "HIP", "HUMERUS"),
        *("JAW", "KNEE", "LEG", "LIVER", "LSPINE", "LSSPINE", "LUNG", "MAXILLA", "NECK"),
        *("ORBIT", "PANCREAS", "PELVIS", "SHOULDER", "SINUS", "SKULL", "SPINE", "SSPINE"),
        *("THIGH", "THORAX", "TLSPINE", "TRUNK", "TSPINE", "WHOLEBODY", "WRIST", "KIDNEY"),
        *("BLADDER", "PROSTATE", "COLON"),
    }
)
_POSITIONS = frozenset({"HFP", "HFS", "HFDR", "HFDL", "FFDR", "FFDL", "FFP", "FFS"})


def summary_of(header: Dataset, number: int = 0) -> dict[str, Value]:
    """Return what is kept of a slice's header; a value that has not the expected form is left out."""
    parts = functional_parts(header, number)
    found: dict[str, Value] = {}
    for name, (keyword, taken) in _KEPT.items():
        value = value_in(parts, keyword)
        if value is not None and (kept := taken(value)) is not None:
            found[name] = kept
    found["contrast_agent"] = value_in(parts, "ContrastBolusAgent") is not None
    return found


def _vendor(value: Any) -> str:
    said = str(value).upper()
    return next((name for name, words in _VENDORS.items() if re.search(words, said)), _OTHER)


def _model(value: Any) -> str | None:
    said = " ".join(str(value).split())
    return said if len(said) <= 40 and _MODELS.match(said) else None


def _kernel(value: Any) -> str | None:
    said = str(value if isinstance(value, str) else "\\".join(str(one) for one in value)).strip()
    return said if _KERNEL.match(said) else None


def _number(low: float, high: float) -> Callable[[Any], float | None]:
    def taken(value: Any) -> float | None:
        try:
            number = float(value)
        except (TypeError, ValueError):
            return None
        return round(number, 4) if low <= number <= high else None

    return taken


def _pair(value: Any) -> list[float] | None:
    try:
        numbers = [float(one) for one in value]
    except (TypeError, ValueError):
        return None
    return [round(one, 4) for one in numbers] if len(numbers) == 2 and 0 < min(numbers) < 50 else None


def _one_of(known: frozenset[str]) -> Callable[[Any], str | None]:
    def taken(value: Any) -> str | None:
        said = re.sub(r"[ _-]", "", str(value).upper())
        return said if said in known else None

    return taken


_KEPT: dict[str, tuple[str, Callable[[Any], Value | None]]] = {
    "manufacturer": ("Manufacturer", _vendor),
    "model": ("ManufacturerModelName", _model),
    "kvp": ("KVP", _number(20, 200)),
    "kernel": ("ConvolutionKernel", _kernel),
    "slice_thickness_mm": ("SliceThickness", _number(0.01, 100)),
    "pixel_spacing_mm": ("PixelSpacing", _pair),
    "body_part": ("BodyPartExamined", _one_of(_BODY_PARTS)),
    "patient_position": ("PatientPosition", _one_of(_POSITIONS)),
}
KEPT = (*_KEPT, "contrast_agent")
"""The names of all that may be kept."""
