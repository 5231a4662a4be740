"""Puts aside what a reader's computer does not do: the page is measured, not the machine that it shares.

A reader's server is another computer, and a graphics card draws what Chromium's graphics process does here.
Both keep running, but only where the page leaves them a processor. Linux divides processors between groups of
sessions (autogroups) before it looks at niceness, so that the browser's group is put before the server's.
"""

import contextlib
import os
from pathlib import Path

import psutil

BY = 5
"""Steps of niceness between the browser's group and the server's: three times its share of a processor."""
GRAPHICS_BY = 10
GRAPHICS_PROCESS = "--type=gpu-process"
PROC = Path("/proc")


def put_aside() -> str:
    """Put the page of the browser that this process started before all else; what was done, in words."""
    ours = psutil.Process().children(recursive=True)
    apart = [one for one in ours if _is_apart(one.pid)]
    browser = [one for one in apart if _is_chromium(one)]
    graphics = [one for one in browser if GRAPHICS_PROCESS in one.cmdline()]
    drawn = sum(_make_nicer(one.pid, GRAPHICS_BY) for one in graphics)
    if sum(_set_group(one.pid, -BY) for one in browser) > 0:
        told = f"the browser before the server by {BY}"
    else:  # only root may raise: lower, then
        lowered = sum(_set_group(one.pid, BY) for one in apart if one not in browser)
        told = f"the server behind the browser by {BY}" if lowered > 0 else "the server not"
    return f"{told}, its graphics process behind the page {f'by {GRAPHICS_BY}' if drawn > 0 else 'not'}"


def _is_apart(pid: int) -> bool:
    """In a session of its own: what is done to the terminal's would outlast this measurement."""
    with contextlib.suppress(OSError):
        return os.getsid(pid) != os.getsid(0)
    return False


def _is_chromium(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return "chrom" in Path(process.exe()).name
    return False


def _set_group(pid: int, niceness: int) -> bool:
    with contextlib.suppress(OSError):
        (PROC / str(pid) / "autogroup").write_text(str(niceness))
        return True
    return False


def _make_nicer(pid: int, by: int) -> bool:
    """All threads of a process, and those that they start later."""
    with contextlib.suppress(OSError):
        for thread in (PROC / str(pid) / "task").iterdir():
            os.setpriority(os.PRIO_PROCESS, int(thread.name), by)
        return True
    return False
