"""Settings, addresses, processes; no product logic. Importing it makes our Celery app the current one."""

from backend.celery import app as celery_app

__all__ = ["celery_app"]
