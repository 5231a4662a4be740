"""Scans in and out: DICOM, NIfTI, OME-Zarr. No Django here: a child process runs it alone."""
