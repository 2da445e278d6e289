"""Reading PDFs with readers that are not ours: pypdf, and poppler's and zbar's tools where they are."""

import io
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from pypdf import PdfReader


def tool(name: str) -> str:
    """Return the path of a command. Skip the test where there is none; in CI it is required."""
    path = shutil.which(name)
    if path is None:
        assert not os.environ.get("CI"), f"{name} is required in CI"
        pytest.skip(f"{name} is not installed")
    return path


def pypdf_pages(content: bytes) -> list[str]:
    """Return each page's text as pypdf extracts it."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


def poppler_text(content: bytes, tmp_path: Path) -> str:
    """Return all text as pdftotext extracts it."""
    command = [tool("pdftotext"), _kept(content, tmp_path), "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def words(content: bytes, tmp_path: Path) -> list[tuple[str, float, float, float, float]]:
    """Return the first page's words, each with left, top, right and bottom in points from the page's top."""
    command = [tool("pdftotext"), "-bbox", "-l", "1", _kept(content, tmp_path), "-"]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    pattern = r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>'
    return [(text, *map(float, box)) for *box, text in re.findall(pattern, found)]


def qr_codes(content: bytes, tmp_path: Path, page: int = 1) -> list[str]:
    """Return what a real decoder reads on a page that was drawn at 150 dots an inch."""
    stem = tmp_path / f"page{page}"
    draw = [tool("pdftoppm"), "-r", "150", "-f", str(page), "-l", str(page), "-png", "-singlefile"]
    subprocess.run([*draw, _kept(content, tmp_path), str(stem)], check=True)
    read = [tool("zbarimg"), "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", f"{stem}.png"]
    return subprocess.run(read, check=False, capture_output=True, text=True).stdout.split()


def _kept(content: bytes, tmp_path: Path) -> str:
    file = tmp_path / "printed.pdf"
    file.write_bytes(content)
    return str(file)
