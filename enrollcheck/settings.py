"""Django's settings. What a site chooses comes from the environment (env.py); the rest is decided here."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from . import env, logs, sqlite
from .postgresql import options as postgresql

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.DEBUG
SECRET_KEY = env.secret_key()
FIELD_KEYS = env.field_keys()
SITE_URL = env.site_url()
ALLOWED_HOSTS = env.allowed_hosts()
DATA_FOLDER = env.DATA_FOLDER

INSTALLED_APPS = [
    # First: its createsuperuser takes the place of Django's.
    "enrollcheck",
    "enrollcheck.admin_config.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "import_export",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "rosters",
    "signoffs",
]

LOGGING = logs.LOGGING

MIDDLEWARE = [
    "enrollcheck.logs.RequestLogMiddleware",
    # What adds headers stands outermost, so that static files and refusals of those below have them too.
    "enrollcheck.headers.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "enrollcheck.language.LanguageMiddleware",
    "enrollcheck.unready.UnreadyMiddleware",
    "django.middleware.common.CommonMiddleware",
    "enrollcheck.bodies.BodyLimitMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "enrollcheck.sessions.SessionEndMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "enrollcheck.urls"
WSGI_APPLICATION = "enrollcheck.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# The database ------------------------------------------------------------------------------------

SQLITE_JOURNAL_MODE = sqlite.install()
DATABASES = {"default": env.database()}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    Path(DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    DATABASES["default"].setdefault("OPTIONS", {}).update(sqlite.options(SQLITE_JOURNAL_MODE))
else:
    _HOST, _CHOSEN = DATABASES["default"]["HOST"], DATABASES["default"].get("OPTIONS", {})
    DATABASES["default"] |= {
        "ENGINE": "enrollcheck.postgresql",
        "OPTIONS": postgresql.complete(_HOST, _CHOSEN),
    }
# Kept by each thread for a minute: to open one, with SQLite's PRAGMAs too, costs as much as a page's queries.
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# People ------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "signoffs.User"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
# The first one hashes; a password under another one is hashed anew when its owner signs in.
PASSWORD_HASHERS = [
    "enrollcheck.hashers.Argon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    # Twelve digits and more are a telephone or an ID number.
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# Sessions of staff: they end with the browser, when nobody has asked for anything for a while, and after a
# working day in any case (sessions.py).
SESSION_IDLE_LASTS = timedelta(hours=2)
SESSION_LASTS = timedelta(hours=12)
SESSION_COOKIE_AGE = int(SESSION_LASTS.total_seconds())
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# Sign-in is django-allauth's; what it decides with us stands in signing_in.py, its pages in signoffs.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "enrollcheck.signing_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # nobody signs up: that sign-in takes a password
ACCOUNT_EMAIL_VERIFICATION = "none"  # addresses are the office's own entries
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGIN_TIMEOUT = 5 * 60  # seconds between the password and the code
ACCOUNT_FORMS = {"login": "signoffs.forms.accounts.SignInForm"}
# A whole campus may stand behind one address: per address it only slows a machine down. What stops guessing
# is the limit per account: five failures in five minutes.
ACCOUNT_RATE_LIMITS = {"login": "120/m/ip", "login_failed": "60/m/ip,5/5m/key"}
MFA_ADAPTER = "enrollcheck.signing_in.SecondFactorAdapter"
MFA_FORMS = {"activate_totp": "signoffs.forms.accounts.SetUpForm"}
MFA_TOTP_ISSUER = "学籍查询及核对"
MFA_TOTP_TOLERANCE = 1  # one step of 30 seconds, for clocks that are not quite right
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RECOVERY_CODES_SHOW_ONCE = True

# The campus's single sign-on: off until configured.
CAMPUS_SIGN_ON = env.campus_sign_on()
SOCIALACCOUNT_ADAPTER = "enrollcheck.signing_in.CampusAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_LOGIN_ON_GET = True  # a link: a form that leads to another host breaks form-action
SOCIALACCOUNT_PROVIDERS = {}
if CAMPUS_SIGN_ON:
    _APP = {
        "provider_id": "campus",  # as in signoffs/urls.py
        "name": CAMPUS_SIGN_ON.label,
        "client_id": CAMPUS_SIGN_ON.client_id,
        "secret": CAMPUS_SIGN_ON.client_secret,
        "settings": {"server_url": CAMPUS_SIGN_ON.issuer},
    }
    SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [_APP], "OAUTH_PKCE_ENABLED": True}}

# The limits of sign-in, and the codes that were used: all processes of the server count together.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "enrollcheck_cache",  # made by a migration of signoffs
        # Full, it forgets a third: a flood of made-up names must not wash a count away.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# Language and time: dates on every page and in every rule are those of the school's clock --------

_EMAIL = env.email()
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = (_EMAIL[f"EMAIL_{name}"] for name in ("BACKEND", "HOST", "PORT"))
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _EMAIL["EMAIL_HOST_USER"], _EMAIL["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _EMAIL.get("EMAIL_USE_TLS", False), _EMAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 20  # seconds
DEFAULT_FROM_EMAIL = env.email_from()
EMAIL_IS_SET = env.email_is_set()

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

# Static files ------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = DATA_FOLDER / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# The printed form's fonts, made once from the font package.
FONT_FOLDER = DATA_FOLDER / "fonts"

# What was acknowledged, written down outside the database (signoffs/upkeep/witness.py).
WITNESS_FOLDER = env.witness_folder()

# The browser -------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    # Static files are no pages; the guide's drawings style themselves, which the policy would forbid them.
    "EXCLUDE_URL_PREFIXES": ("/static/",),
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    },
}
X_FRAME_OPTIONS = "DENY"
# Not no-referrer: with it Chromium sends "Origin: null" with a form, and CSRF protection refuses the form.
SECURE_REFERRER_POLICY = "same-origin"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "signoffs.views.failures.csrf_failure"

HTTPS = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS
SECURE_SSL_HOST = urlsplit(SITE_URL).netloc  # whatever host was asked for
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^(livez|readyz|healthz)$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS

# A roster of 20,000 students is about 3 MB; the office page reads the file in chunks and stops above this.
ROSTER_UPLOAD_LIMIT = 30 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = ROSTER_UPLOAD_LIMIT  # an upload is never written to a temp file as plain text
IMPORT_EXPORT_FORMATS: list = []
