"""Settings. What differs between a laptop and a hospital comes from the environment (.env.example)."""

from pathlib import Path
from typing import Any

import environ
from celery.schedules import crontab

from backend import services
from training.version import VERSION

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
VAR_DIR = env.path("DELINEATE_VAR", default=str(BASE_DIR / "var"))
VAR_ROOT = Path(str(VAR_DIR))

# ── Secrets and hosts ─────────────────────────────────────────────────────────
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or services.secret(VAR_ROOT / "secret.key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", "testserver"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.bool("HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = False  # the proxy redirects
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"

# ── Applications ──────────────────────────────────────────────────────────────
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "pgtrigger",
    "pghistory",
    "rules.apps.AutodiscoverRulesConfig",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "django_celery_beat",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "annotation",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "pghistory.middleware.HistoryMiddleware",
]
ROOT_URLCONF = "backend.urls"
WSGI_APPLICATION = "backend.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# ── Services: the environment first, else the embedded ones that are running ──
_embedded = services.running(VAR_ROOT)
DATABASES = {
    "default": env.db_url_config(
        env.str("DATABASE_URL", default=_embedded.get("DATABASE_URL", "postgres://127.0.0.1/delineate"))
    )
    | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "ATOMIC_REQUESTS": False}
}
REDIS_URL = env.str("REDIS_URL", default=_embedded.get("REDIS_URL", "redis://127.0.0.1:6379")).rstrip("/")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": f"{REDIS_URL}/1"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ── Bytes ─────────────────────────────────────────────────────────────────────
STORE_ROOT = Path(env.str("DELINEATE_STORE", default=str(VAR_ROOT / "store")))
WORK_ROOT = Path(env.str("DELINEATE_WORK", default=str(VAR_ROOT / "work")))
IMPORT_ROOTS = [Path(root) for root in env.list("DELINEATE_IMPORT_ROOTS", default=[])]
FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
STATIC_URL = "/static/"
STATICFILES_DIRS = [FRONTEND_DIST] if FRONTEND_DIST.is_dir() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+[-.][0-9a-zA-Z_-]{8,12}\..+$"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "store": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(STORE_ROOT)},
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
MAX_UPLOAD_BYTES = env.int("MAX_UPLOAD_BYTES", default=2 * 1024**3)
MAX_BATCH_BYTES = env.int("MAX_BATCH_BYTES", default=64 * 1024**3)

# ── Work ──────────────────────────────────────────────────────────────────────
LEASE_SECONDS = env.int("LEASE_SECONDS", default=120)
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", default=60)
CELERY_BROKER_URL = f"{REDIS_URL}/0"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Above the longest task: a redelivered message only finds its row claimed, but why send it.
    "visibility_timeout": 24 * 3600,
    "unacked_restore_throttle": 1,
    "socket_timeout": 10,
    "socket_connect_timeout": 2,
    # A request must not wait for a broker that is down: the sweeper sends again. Workers do reconnect.
    "max_retries": 0,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "io"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_BEAT_SCHEDULE = {
    name: {
        "task": f"annotation.tasks.{name}",
        "schedule": float(seconds),
        "options": {"expires": 2 * seconds},
    }
    for name, seconds in {
        "worker_heartbeat": 10,
        "sweep_jobs": 20,
        "release_leases": 30,
        "refresh_agreement": 60,
        "count_shown": 30,
        "retrain_if_due": env.int("RETRAIN_CHECK_SECONDS", default=30),
    }.items()
} | {
    # By the clock, not by an interval: a beat that is started anew every day comes to it all the same.
    "sweep_pictures": {
        "task": "annotation.tasks.sweep_pictures",
        "schedule": crontab(hour="3", minute="17"),
        "options": {"expires": 3600},
    },
    "sweep_uploads": {
        "task": "annotation.tasks.sweep_uploads",
        "schedule": crontab(minute="41"),
        "options": {"expires": 3600},
    },
}

# ── API ───────────────────────────────────────────────────────────────────────
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "annotation.api.authentication.TokenAuthentication",
        "annotation.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "annotation.api.schema.AutoSchema",
    "EXCEPTION_HANDLER": "annotation.api.errors.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Delineate",
    "DESCRIPTION": "Annotation of medical CT: worklist, masks and revisions, reviews, models and jobs.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        name: f"annotation.models.{name}"
        for name in (
            "AgreementKind",
            "AssignmentRole",
            "AssignmentState",
            "CaseState",
            "ExportFormat",
            "ExportWhat",
            "GateVerdict",
            "JobState",
            "Level",
            "MeasurementKind",
            "ModelState",
            "PinState",
            "PredictionSource",
            "Role",
            "Split",
            "SplitMethod",
            "StartFrom",
            "Strategy",
            "Trigger",
            "Verdict",
        )
    }
    | {"HeldOutBy": [(word, word) for word in ("source", "site", "scanner")]}
    | {"SpanKind": [(kind, kind) for kind in ("same", "added", "removed")]}
    | {"GivenVerdict": [(verdict, verdict) for verdict in ("accept", "return")]},
}

# ── Sign-in ───────────────────────────────────────────────────────────────────
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "backend.accounts.ClosedSignup"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {"invitation": "60/m/ip"}  # beside allauth's own: looking at a link
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("browser",)
HEADLESS_FRONTEND_URLS: dict[str, str] = {}
LOGIN_URL = "/sign-in"

# ── Content security ──────────────────────────────────────────────────────────
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ("/api/docs", "/admin"),
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'wasm-unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'", "blob:", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}

# ── The rest ──────────────────────────────────────────────────────────────────
LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
}
