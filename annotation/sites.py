"""What a site, where scans come from, may be called."""

import unicodedata

from annotation.errors import Refused

LONGEST = 80
NOT_KNOWN = "?"


def site_name(given: str) -> str:
    """Return a site's name without needless spaces; empty = not known. Raises Refused for what is no name."""
    name = " ".join(given.split())
    if len(name) > LONGEST or any(unicodedata.category(letter) == "Cc" for letter in name):
        raise Refused(f"The name of a site has {LONGEST} letters at most.")
    if name == NOT_KNOWN:
        raise Refused("“?” stands for sites that are not known; give the site another name.")
    return name
