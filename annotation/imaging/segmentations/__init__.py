"""Delineations in the field's own formats, in and out. Readers run in the sandbox's child process alone."""
