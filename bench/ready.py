"""Importing this first makes Django's tables importable in a plain process."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")
django.setup()
