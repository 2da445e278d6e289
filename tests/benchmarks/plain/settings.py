"""What `startproject` writes, for a site in production, tuned.

Nothing but Django, the server and the driver. Tried, on two cores that others used too; "ms" is processor
time of one process for a journey, the sides in turns, the lowest quarter of 150 (of 100 on PostgreSQL):

| tried | from → to | taken |
|---|---|---|
| sessions: `signed_cookies` for `db` | 27.6 → 22.5 ms; PostgreSQL 30.8 → 25.4 | yes: no query, no write |
| sessions: `cached_db` | not measured | no: it needs a cache server for all processes |
| connections kept, for one opened by each request | 41 → 52 journeys a second | yes |
| templates: the cached loader | not measured apart: Django's default | yes |
| indexes: the link's token, 学号, a student's declaration | not measured apart: all are unique | yes |
| the student with class and declaration in one query | not measured apart | yes |
| transactions that begin soon (`enrollcheck.sqlite`) | 17.8 → 18.2 ms, as fast at 64 together | yes: ours |
| messages in cookies alone | 22.5 → 22.1 ms | no: the default is a cookie, too, and safe for long ones |
| `USE_I18N = False` | 22.5 → 22.0 ms | no: the form's refusals would be English |
| PostgreSQL: `prepare_threshold=5` | 25.4 → 26.2 ms | no |
| PostgreSQL: that, and `server_side_binding` | 25.4 → 25.4 ms | no |
| threads a process: 1, 4, 8, 16 | 21.1, 23.1, 23.4, 33.2 ms on the server | 1 and 8; the faster one counts |

And what would change the site instead of its settings, so that it is no longer what one writes first:

| not done | from → to | because |
|---|---|---|
| a drop-down for each answer instead of two radio buttons | 22.5 → 19.6 ms | two taps for one, eleven times |
| `FORM_RENDERER` of Jinja2 | 22.5 → 17.0 ms | one more package, for the forms alone |
| the answers' inputs written by hand in the template | 22.5 → 17.0 ms | Django's widgets do it |
| the receipt as the answer to the form, without a redirect | 22.5 → 19.6 ms | Django's tutorial redirects |

Ours took 16.9 ms in the run of these (22.0 on PostgreSQL).
"""

import environ

from enrollcheck import sqlite

SECRET_KEY = "only-for-benchmarks-" + "x" * 40
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "tests.benchmarks.plain",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "tests.benchmarks.plain.urls"
WSGI_APPLICATION = "tests.benchmarks.plain.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,  # with the cached loader, by default
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

JOURNAL_MODE = sqlite.install()
DATABASES = {"default": environ.Env().db_url("DATABASE_URL")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = sqlite.options(JOURNAL_MODE)
DATABASES["default"]["CONN_MAX_AGE"] = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
STATIC_URL = "static/"
