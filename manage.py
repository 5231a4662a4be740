#!/usr/bin/env python
"""Django's command line. With nothing configured it uses the embedded services that `make demo` started."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")
    execute_from_command_line(sys.argv)
