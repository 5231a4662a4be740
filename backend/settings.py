"""Settings. What differs between a laptop and a hospital comes from the environment (.env.example)."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from celery.schedules import crontab
from csp.constants import NONCE

from backend import logs, services, storing
from training.version import VERSION

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
VAR_DIR = env.path("DELINEATE_VAR", default=str(BASE_DIR / "var"))
VAR_ROOT = Path(str(VAR_DIR))

# ── Secrets and hosts ─────────────────────────────────────────────────────────
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or services.secret(VAR_ROOT / "secret.key")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", "testserver"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.bool("HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY, SESSION_COOKIE_SAMESITE, CSRF_COOKIE_SAMESITE = True, "Lax", "Lax"
# The prefix has the browser itself refuse a cookie that another host of the domain, or plain HTTP, would set.
_HOST_ONLY = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_HOST_ONLY}sessionid", f"{_HOST_ONLY}csrftoken"
SECURE_SSL_REDIRECT = False  # the proxy redirects: probes of the inner network speak plain HTTP
SILENCED_SYSTEM_CHECKS = ["security.W008"]  # which asks for just that redirect
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# How many proxies of one's own stand before the web server: so many last addresses of X-Forwarded-For are
# true. With 0 that header, which anybody can send, counts for nothing.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=0)

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
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "django_celery_beat",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "annotation",
]
MIDDLEWARE = [
    "backend.probes.Probes",
    "backend.request_log.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "backend.headers.Headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "annotation.audit.middleware.AuditMiddleware",
    "backend.sessions.SessionLimits",
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
    # Ten minutes: a new connection first has to learn the tables, and to prepare and plan what it is asked.
    | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True, "ATOMIC_REQUESTS": False}
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
    "store": storing.backend(
        folder=STORE_ROOT,
        bucket=env.str("S3_BUCKET", default=""),
        endpoint=env.str("S3_ENDPOINT", default=""),
        access_key=env.str("S3_ACCESS_KEY", default=""),
        secret_key=env.str("S3_SECRET_KEY", default=""),
        region=env.str("S3_REGION", default="us-east-1"),
    ),
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
CELERY_BEAT_SCHEDULER = "backend.schedule:Schedule"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_BEAT_SCHEDULE = (
    {
        # One for each queue: a worker may consume one and not the other. The first keeps its name.
        f"worker_heartbeat{ending}": {
            "task": "annotation.tasks.worker_heartbeat",
            "schedule": 10.0,
            "kwargs": {"queue": queue},
            # Never too late: it tells when it is carried out, and one waits at most (backend.schedule).
            "options": {"queue": queue},
        }
        for queue, ending in {"io": "", "score": "_score", "infer": "_infer", "train": "_train"}.items()
    }
    | {
        name: {
            "task": f"annotation.tasks.{name}",
            "schedule": float(seconds),
            # Short, and not to wait behind an import or a prediction.
            "options": {"queue": "score", "expire_seconds": 2 * seconds},
        }
        for name, seconds in {
            "sweep_jobs": 20,
            "release_leases": 30,
            "refresh_agreement": 60,
            "count_shown": 30,
            "seal_audit": 60,
            "retrain_if_due": env.int("RETRAIN_CHECK_SECONDS", default=30),
        }.items()
    }
    | {
        # By the clock, not by an interval: a beat that is started anew every day comes to it all the same.
        "sweep_pictures": {
            "task": "annotation.tasks.sweep_pictures",
            "schedule": crontab(hour="3", minute="17"),
            "options": {"expire_seconds": 3600},
        },
        "sweep_uploads": {
            "task": "annotation.tasks.sweep_uploads",
            "schedule": crontab(minute="41"),
            "options": {"expire_seconds": 3600},
        },
    }
)

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
            "Action",
            "AgreementKind",
            "AssignmentRole",
            "AssignmentState",
            "CaseState",
            "DeletionReason",
            "ExportFormat",
            "ExportWhat",
            "GateVerdict",
            "JobKind",
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
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # this browser stays; every other session ends with the password
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("browser",)
HEADLESS_FRONTEND_URLS = {"socialaccount_login_error": "/sign-in"}
LOGIN_URL = "/sign-in"
SESSION_ENGINE = "backend.session_rows"
# Without what a person does, and at the most, whatever they do.
SESSION_IDLE_S = 60 * env.int("SESSION_IDLE_MINUTES", default=30)
SESSION_COOKIE_AGE = SESSION_LONGEST_S = 3600 * env.int("SESSION_HOURS", default=12)
USERSESSIONS_ADAPTER = "backend.accounts.Sessions"
REQUIRE_TWO_FACTOR = env.str("REQUIRE_TWO_FACTOR", default="none")  # none, leads (and staff), all
MFA_ADAPTER = "backend.accounts.SecondFactor"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Delineate"
MFA_TOTP_TOLERANCE = 1  # half a minute of clock difference either way
MFA_ALLOW_UNVERIFIED_EMAIL = True  # accounts have no e-mail of their own
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # browsers themselves allow it on localhost alone
OIDC_TRUSTS_SECOND_FACTOR = env.bool("OIDC_HAS_TWO_FACTOR", default=False)
OIDC_APP = {
    "provider_id": "oidc",
    "name": env.str("OIDC_NAME", default="") or "single sign-on",
    "client_id": env.str("OIDC_CLIENT_ID", default=""),
    "secret": env.str("OIDC_CLIENT_SECRET", default=""),
    "settings": {"server_url": env.str("OIDC_ISSUER", default="")},
}
SOCIALACCOUNT_ADAPTER = "backend.accounts.SingleSignOn"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [OIDC_APP] if env.str("OIDC_ISSUER", default="") else [],
    }
}
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # an address proves nothing about who has an account here
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REAUTHENTICATION_REQUIRED = True  # a connection is a way in for good

# ── Content security ──────────────────────────────────────────────────────────
# Scripts come from files alone. Styles as well, but for the elements that the page's own libraries add: these
# carry the nonce that the page was served with.
_issuer = urlsplit(env.str("OIDC_ISSUER", default=""))
# A form that begins single sign-on is sent here and answered with an address over there.
_SINGLE_SIGN_ON = [f"{_issuer.scheme}://{_issuer.netloc}"] if _issuer.netloc else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'wasm-unsafe-eval'"],
        "style-src": ["'self'", NONCE],
        "img-src": ["'self'", "data:", "blob:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "frame-src": ["'none'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'", *_SINGLE_SIGN_ON],
        "frame-ancestors": ["'none'"],
        "upgrade-insecure-requests": HTTPS,
    },
}

# ── Limits: how often one user may ask, (times, seconds) by what is asked for. Reading and saving have none ─
REQUEST_LIMITS = {
    "upload": (300, 3600),
    "upload_file": (6000, 60),
    "import": (300, 3600),
    "model_import": (30, 3600),
    "export": (120, 3600),
    "picture": (300, 3600),
    "token": (60, 3600),
    "invitation": (120, 3600),
}

# ── The rest ──────────────────────────────────────────────────────────────────
LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"
# text for a terminal, json for a collector of logs.
LOGGING = logs.configuration(env.str("LOG_FORMAT", default="text"), env.str("LOG_LEVEL", default="INFO"))
# Who may read /metrics (Authorization: Bearer …); empty: this machine alone.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
