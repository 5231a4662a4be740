"""Which Chromium the browser tests drive: the system's, Playwright's own, or Debian's package (as root).

`python -m tests.e2e.browser` finds or installs one and prints its path; with none to be had it says so in one
sentence and exits with 1.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]
NONE_TO_BE_HAD = (
    "No Chromium was found and none could be installed. Install the package “chromium”, "
    "or leave the browser tests out with BROWSER=none."
)


def installed() -> Path | None:
    """A Chromium that is there already."""
    for name in SYSTEM_NAMES:
        if found := shutil.which(name):
            return Path(found)
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    return own if own.is_file() else None


def _run(*command: str) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600, check=False)


def find_or_install() -> Path | None:
    """A Chromium, installed if need be; None when there is no way."""
    if found := installed():
        return found
    _run(sys.executable, "-m", "playwright", "install", "chromium")
    if found := installed():
        return found
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        _run(apt, "update", "-q")
        _run(apt, "install", "-y", "-q", "--no-install-recommends", "chromium")
    return installed()


def main() -> int:
    found = find_or_install()
    print(found or NONE_TO_BE_HAD)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
