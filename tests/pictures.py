"""Takes the pictures of the READMEs from the demo: a student's, a monitor's, the office's page, the form.

    python -m tests.pictures [FOLDER]

Needs Debian's `chromium` and `poppler-utils`, and takes a minute. Everybody on them is invented. Each picture
has a size of its own, whatever the page, and few colours, so that a clone stays small.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.signing_in import sign_in
from tests.demo import REPOSITORY, demo

FOLDER = REPOSITORY / "docs" / "pictures"
PHONE, DESK = (390, 844), (1280, 900)
FORM = (650, 919)  # A4
COLOURS = 64
# What the demo prints of whom to be, and of the accounts.
PERSON = re.compile(r"^  (\S+) (student|monitor): \S+, (\d+), (\w{6})$", re.MULTILINE)
OFFICE = re.compile(r"^  office +(\S+) ", re.MULTILINE)
FIRST_CLASS = re.compile(r"^  (\S+)\n    (\S+)  \S+/c/", re.MULTILINE)
LINKS = re.compile(r"^    (\S+)  (\S+/c/\S+)  (\S+/m/\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Told:
    """What the demo has printed for a reader to walk in by."""

    text: str

    def person(self, role: str) -> tuple[str, str, str]:
        """Return class, student number and last six of the first student or monitor that is named."""
        found = next(match for match in PERSON.finditer(self.text) if match[2] == role)
        return found[1], found[3], found[4]

    def links(self) -> dict[str, dict[str, str]]:
        """Return the links of each class by the role that they are for."""
        return {match[1]: {"student": match[2], "monitor": match[3]} for match in LINKS.finditer(self.text)}

    def first_class(self) -> tuple[str, str]:
        """Return the first department and its first class."""
        return FIRST_CLASS.search(self.text).groups()

    def password(self) -> str:
        """Return the office's password."""
        return OFFICE.search(self.text)[1]


def main() -> None:
    """Start the demo in a temporary folder, take the four pictures, stop it."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    with tempfile.TemporaryDirectory() as kept, demo(Path(kept)) as (address, printed):
        for name, size in take(address, Told(printed), folder).items():
            print(f"{name}: {size / 1000:.1f} kB")


def take(address: str, told: Told, folder: Path) -> dict[str, int]:
    """Write the pictures into the folder and return the size of each in bytes, by its file's name."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        # Chromium's sandbox refuses to run as root, which is who runs in a container.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        kept(student(browser, told), folder / "student.png")
        kept(monitor(browser, told), folder / "monitor.png")
        page = office(browser, told, address)
        kept(page, folder / "dashboard.png")
        printed_form(page, told, folder / "form.png")
        browser.close()
    return {path.name: path.stat().st_size for path in sorted(folder.glob("*.png"))}


def _page(browser: Browser, size: tuple[int, int]) -> Page:
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=viewport, locale="zh-CN", is_mobile=size == PHONE)
    return context.new_page()


def _identified(browser: Browser, told: Told, role: str) -> Page:
    """Return a phone on which that person has come in by the class's link."""
    page = _page(browser, PHONE)
    class_name, number, last_six = told.person(role)
    page.goto(told.links()[class_name][role])
    page.fill("[name=student_number]", number)
    page.fill("[name=last_six]", last_six)
    page.click("main form button[type=submit]")
    page.wait_for_load_state()
    return page


def student(browser: Browser, told: Told) -> Page:
    """Return the record of a student, who has answered the first rows."""
    page = _identified(browser, told, "student")
    for name in ("name", "sex", "birth_date"):
        page.click(f"#row_{name} .choice--ok")
    page.locator("#row_name").evaluate("row => row.scrollIntoView({block: 'start'})")
    return page


def monitor(browser: Browser, told: Told) -> Page:
    """Return the grid of a monitor's class."""
    return _identified(browser, told, "monitor")


def office(browser: Browser, told: Told, address: str) -> Page:
    """Return the office's dashboard."""
    page = _page(browser, DESK)
    sign_in(page, address, "office", told.password())
    page.goto(f"{address}/office/")
    return page


def kept(page: Page, path: Path) -> None:
    """Write what the page's window shows."""
    page.screenshot(path=path)
    small(path)


def printed_form(page: Page, told: Told, path: Path) -> None:
    """Write the form of the first class, whose sheet is submitted in the demo, as a PDF reader draws it."""
    for link in told.first_class():
        page.locator("main").get_by_role("link", name=link, exact=True).first.click()
    with page.expect_download() as coming:
        page.click("button[name=kind][value=filled]")
    width, height = FORM
    size = ("-scale-to-x", str(width), "-scale-to-y", str(height))
    command = [shutil.which("pdftoppm"), "-png", "-singlefile", "-gray", *size]
    subprocess.run([*command, coming.value.path(), path.with_suffix("")], check=True)
    small(path)


def small(path: Path) -> None:
    """Write the picture again with few colours: a page has few."""
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


if __name__ == "__main__":
    main()
