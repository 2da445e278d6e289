"""An authenticator app, for tests that sign in by one."""

import re

from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)

from signoffs.models import User


def code(secret: str) -> str:
    """Return what the app shows now."""
    counters = list(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(secret, counters[len(counters) // 2]))


def give(user: User) -> str:
    """Give an account its second factor and return the app's secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def secret_on(response) -> str:
    """Return the key that the page of the set-up tells to type."""
    return re.search(r'class="key">([A-Z2-7]+)<', response.content.decode()).group(1)
