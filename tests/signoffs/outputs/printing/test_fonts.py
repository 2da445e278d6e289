"""The form's fonts: real weights, kept on disk, extracted right."""

import io
import os

import pytest
from fontTools.ttLib import TTFont
from pypdf import PdfReader
from reportlab.pdfbase import pdfmetrics

from signoffs.outputs.printing import fonts
from signoffs.outputs.printing.pen import Pen


def names(pdf: bytes) -> set[str]:
    found = PdfReader(io.BytesIO(pdf)).pages[0]["/Resources"]["/Font"].values()
    return {font.get_object()["/BaseFont"].partition("+")[2] for font in found}


def test_regular_and_bold_are_two_weights_with_names_of_their_own():
    fonts.ready()
    regular, bold = (TTFont(fonts._path(name)) for name in (fonts.REGULAR, fonts.BOLD))
    assert "fvar" not in regular
    assert "fvar" not in bold
    assert regular["name"].getDebugName(6) == fonts.REGULAR
    assert bold["name"].getDebugName(6) == fonts.BOLD
    glyphs = [font["glyf"]["uni6C38" if "uni6C38" in font["glyf"] else font.getBestCmap()[0x6C38]]
              for font in (regular, bold)]  # fmt: skip
    assert list(glyphs[0].coordinates) != list(glyphs[1].coordinates)


def test_only_the_glyphs_that_are_used_are_in_the_file():
    pen = Pen("题")
    pen.text(50, 700, "只有这几个字", 12)
    pen.text(50, 650, "加粗", 12, fonts.BOLD)
    content = pen.finish()
    assert len(content) < 40_000
    assert names(content) >= {fonts.REGULAR, fonts.BOLD}


def test_the_instances_are_made_once(tmp_path, settings):
    settings.FONT_FOLDER = tmp_path
    path = fonts._path(fonts.REGULAR)
    fonts._instance(fonts.REGULAR, path)
    made = os.stat(path)
    assert made.st_size > 1_000_000
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("character", "䶮㛃𬭎𠅤𠮷·一")
def test_a_rare_character_is_extracted_as_it_is(character):
    pen = Pen("题")
    pen.text(50, 700, f"王{character}", 12)
    assert PdfReader(io.BytesIO(pen.finish())).pages[0].extract_text().strip() == f"王{character}"


def test_what_no_font_draws_is_known():
    assert fonts.lacks("李\U0002ebf0䶮") == ["\U0002ebf0"]


def test_many_different_characters_keep_their_text():
    # More than one subset of 256 glyphs, and astral characters in each.
    text = "".join(chr(0x4E00 + n) for n in range(600)) + "𬭎𠅤𠮷"
    pen = Pen("题")
    for start in range(0, len(text), 40):
        pen.text(30, 800 - start, text[start : start + 40], 10)
    assert "".join(PdfReader(io.BytesIO(pen.finish())).pages[0].extract_text().split()) == text


def test_widths_are_those_that_are_drawn():
    fonts.ready()
    assert fonts.width("永", 10) == pdfmetrics.stringWidth("永", fonts.REGULAR, 10)
    assert fonts.width("\U0002ebf0", 10) == 10
