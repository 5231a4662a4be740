"""Against nnU-Net v2: the same scans, the same two threads, the same seconds.

nnunetv2 is an optional extra (docs/guides/extras.md). `__main__` checks that it is there; the modules that
import it are loaded by it alone.
"""
