"""A phone with Debian's Chromium. Skipped, saying so, where there is none; in CI it is required."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

PHONE = {"width": 390, "height": 844}

# The driver keeps a running event loop in this thread, and Django would refuse the test's own queries.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium, started once."""
    path = shutil.which("chromium")
    if path is None:
        assert not os.environ.get("CI"), "Chromium is required in CI"
        pytest.skip("there is no Chromium: install Debian's chromium")
    with sync_playwright() as driver:
        # Chromium's sandbox refuses to run as root, which is who runs in a container.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def phone(chromium):
    """Return a function that opens a new phone, with or without JavaScript; each has its own cookies.

    An error of a script, and anything that the content security policy blocked, fails the test.
    """
    opened, troubles = [], []

    def new(*, javascript: bool = True):
        context = chromium.new_context(
            viewport=PHONE,
            is_mobile=True,
            has_touch=True,
            locale="zh-CN",
            java_script_enabled=javascript,
        )
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "console", lambda line: troubles.append(line.text) if "Content Security" in line.text else None
        )
        opened.append(context)
        return page

    yield new
    for context in opened:
        context.close()
    assert troubles == []
