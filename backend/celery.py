"""The Celery app. The web process only sends by name and never loads the tasks."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")

app = Celery("delineate")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Lazy: only a worker or beat imports annotation.tasks, and with it torch.
app.autodiscover_tasks()
