"""The settings that come from the environment: read, checked, and refused with a sentence."""

import base64
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

REPOSITORY = Path(__file__).resolve().parent.parent
NEW_KEY = (
    'python3 -c "import base64, secrets; print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())"'
)

_env = environ.Env()
_PORT = re.compile(r":\d+$")

DEBUG: bool = _env.bool("DEBUG", default=False)
DATA_FOLDER = Path(_env.str("DATA_FOLDER", default=str(REPOSITORY / "var")))


def _development_key(name: str) -> str:
    """Return a key that this checkout made for itself, the same at every start. For DEBUG only."""
    file = DATA_FOLDER / f"development-{name.lower()}"
    if not file.exists():
        DATA_FOLDER.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w") as new:
            new.write(secrets.token_urlsafe(32))
    return file.read_text()


def _required(name: str, advice: str) -> str:
    value = _env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {advice}")
    return value


def secret_key() -> str:
    """Return SECRET_KEY. Raise ImproperlyConfigured where it is missing and DEBUG is off."""
    if DEBUG and not os.environ.get("SECRET_KEY"):
        return _development_key("SECRET_KEY")
    return _required("SECRET_KEY", f"Set it to a long random text: {NEW_KEY}")


def field_keys() -> dict[str, bytes]:
    """Return FIELD_KEY's keys by their id, the one that writes first; each 32 bytes.

    Raise ImproperlyConfigured where it is missing and DEBUG is off, or is not `id:key[,id:key…]`.
    """
    if DEBUG and not os.environ.get("FIELD_KEY"):
        text = f"debug:{_development_key('FIELD_KEY')}"
    else:
        text = _required("FIELD_KEY", f"Set it to id:key, a name of your choice and the output of: {NEW_KEY}")
    keys: dict[str, bytes] = {}
    for part in text.split(","):
        key_id, _, encoded = part.strip().partition(":")
        try:
            key = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except ValueError:
            key = b""
        if not key_id.isalnum() or not key_id.isascii() or len(key_id) > 16 or len(key) != 32:
            raise ImproperlyConfigured(
                "FIELD_KEY must be id:key[,id:key…]: an id of up to 16 letters and digits, "
                f"a key of 32 bytes in base64. A new key: {NEW_KEY}"
            )
        if key_id in keys:
            raise ImproperlyConfigured(f"FIELD_KEY names the id {key_id} twice.")
        keys[key_id] = key
    return keys


def site_url() -> str:
    """Return SITE_URL without a slash at its end: what links and QR codes begin with."""
    if DEBUG and not os.environ.get("SITE_URL"):
        return "http://127.0.0.1:8000"
    url = _required(
        "SITE_URL", "Set it to the address that students open, such as https://xueji.example.edu.cn"
    )
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("", "/"):
        raise ImproperlyConfigured(f"SITE_URL must be like https://xueji.example.edu.cn, not {url}")
    return url.rstrip("/")


def allowed_hosts() -> list[str]:
    """Return ALLOWED_HOSTS, by default the host of SITE_URL alone."""
    own = urlsplit(site_url()).hostname
    return _env.list("ALLOWED_HOSTS", default=[own, "127.0.0.1", "localhost"] if DEBUG else [own])


def email() -> dict[str, Any]:
    """Return Django's settings for EMAIL_URL (`smtp+tls://user:password@host:587`); else the console."""
    return _env.email_url("EMAIL_URL", default="consolemail://")


def email_from() -> str:
    """Return EMAIL_FROM, the sender of letters to officers."""
    return _env.str("EMAIL_FROM", default=f"enrollcheck@{urlsplit(site_url()).hostname}")


def email_is_set() -> bool:
    """Say whether EMAIL_URL names a server: an invitation must not end in a console or a log."""
    return bool(_env.str("EMAIL_URL", default=""))


@dataclass(frozen=True)
class CampusSignOn:
    """The campus's single sign-on by OpenID Connect."""

    issuer: str
    client_id: str
    client_secret: str
    # The claim that holds what the office enters as an account's campus name.
    claim: str
    label: str


def campus_sign_on() -> CampusSignOn | None:
    """Return what OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET say; None without OIDC_ISSUER: off.

    Raise ImproperlyConfigured for half of it, and for a provider without TLS that is not on this machine.
    """
    issuer = _env.str("OIDC_ISSUER", default="").rstrip("/")
    if not issuer:
        for name in ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"):
            if _env.str(name, default=""):
                raise ImproperlyConfigured(f"{name} is set without OIDC_ISSUER. Set both, or neither.")
        return None
    parts = urlsplit(issuer)
    on_loopback = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not (on_loopback or (parts.scheme == "https" and parts.netloc)) or parts.query or parts.fragment:
        raise ImproperlyConfigured(f"OIDC_ISSUER must be like https://sso.example.edu.cn, not {issuer}")
    return CampusSignOn(
        issuer=issuer,
        client_id=_required("OIDC_CLIENT_ID", "Set it to what the sign-on calls this site."),
        client_secret=_required("OIDC_CLIENT_SECRET", "Set it to the secret that the sign-on gave."),
        claim=_env.str("OIDC_CLAIM", default="preferred_username"),
        label=_env.str("OIDC_LABEL", default="统一身份认证登录"),
    )


def witness_folder() -> Path:
    """Return WITNESS_FOLDER, where this node writes down what was acknowledged; in DATA_FOLDER by default."""
    return Path(_env.str("WITNESS_FOLDER", default=str(DATA_FOLDER / "witness")))


def database() -> dict[str, Any]:
    """Return Django's dictionary for DATABASE_URL; an SQLite file in the data folder by default.

    PostgreSQL may have several hosts, `a:5432,b:5432`. Raise ImproperlyConfigured where some name a port.
    """
    url = _env.str("DATABASE_URL", default=f"sqlite:///{DATA_FOLDER / 'enrollcheck.sqlite3'}")
    hosts = urlsplit(url).netloc.rpartition("@")[2].split(",")
    ports = [bool(_PORT.search(host)) for host in hosts]
    if any(ports) and not all(ports):
        raise ImproperlyConfigured(
            f"DATABASE_URL must name a port for each of its hosts, or for none: {','.join(hosts)}"
        )
    return _env.db_url_config(url)
