"""The Celery app. The web process only sends by name and never loads the tasks."""

import os
import sys

from celery import Celery

from backend import workers  # noqa: F401  # connects what workers say of themselves

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")

app = Celery("delineate")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Lazy: only a worker imports annotation.tasks, and with it torch. The clock sends by name, as the web does.
if "beat" not in sys.argv[1:]:
    app.autodiscover_tasks()
