"""Resident ID numbers, invented: region 990101 is nobody's."""

from datetime import date

import pytest

from rosters import identity

MALE = "990101200701020014"
MALE = MALE[:17] + identity.check_digit(MALE[:17])


def with_check(first17: str) -> str:
    return first17 + identity.check_digit(first17)


def test_a_sound_number_tells_birth_date_and_sex():
    assert identity.birth_date_of(MALE) == date(2007, 1, 2)
    assert identity.sex_of(MALE) == "男"
    assert identity.sex_of(with_check("99010120070102002")) == "女"


def test_the_check_digit_of_the_standards_own_example():
    assert identity.check_digit("11010519491231002") == "X"  # GB 11643, the standard's example


@pytest.mark.parametrize(
    "text, codes",
    [
        (MALE, []),
        (MALE[:17] + ("1" if MALE[17] != "1" else "2"), ["check_digit"]),
        (with_check("99010120071340001"), ["birth_date"]),
        (MALE[:15], ["length"]),
        ("H01234567", []),
        ("", []),
    ],
)
def test_what_is_wrong_is_named(text, codes):
    assert identity.problems(text) == codes


@pytest.mark.parametrize("text", [MALE, "H01234567", "12345", ""])
def test_a_mask_shows_none_of_the_last_six(text):
    masked = identity.mask(text)
    assert len(masked) == len(text)
    assert set(masked[-6:]) <= {"*"}


def test_the_last_six_match_in_full_width_and_small_x_too():
    number = "99010120070102005X"
    assert identity.last_six_match(number, "02005x")
    assert identity.last_six_match(number, "０２００５Ｘ")
    assert not identity.last_six_match(number, "02005")
    assert not identity.last_six_match(number, number)


@pytest.mark.parametrize("stored", [None, "", " "])
def test_a_record_without_a_number_is_nobodys(stored):
    assert not identity.last_six_match(stored, "")


@pytest.mark.parametrize(
    "typed, verdict",
    [
        (MALE, True),
        (f" {MALE[:6]} {MALE[6:]} ", True),
        (MALE[:6] + "********" + MALE[14:], True),
        (MALE[:6] + "＊" * 8 + MALE[14:], True),
        (MALE[:6] + "********" + "0000", False),
        (MALE[:6] + "***" + MALE[14:], False),
        (MALE[:4] + "*" * 14, None),
        (MALE[:-1], False),
        ("", False),
    ],
)
def test_what_chsi_shows_is_compared_as_far_as_it_shows(typed, verdict):
    assert identity.matches_typed(MALE, typed) is verdict


@pytest.mark.parametrize("typed", ["02005Ⅹ", "02005х", "02005×", "\u202d02005X\u202c", "02\u200b005x"])
def test_a_pasted_or_look_alike_end_is_the_end(typed):
    assert identity.last_six_match("99010120070102005X", typed)


def test_a_pasted_student_number_is_the_number():
    assert identity.tidy("\u202d2026\u200b000001\u202c") == "2026000001"


@pytest.mark.parametrize(
    "stored",
    ["-", "NULL", "无", "000000000000000000", "123456789012345678", "990101********0031", "护照号码", "123"],
)
def test_a_placeholder_identifies_nobody(stored):
    assert not identity.is_usable(stored)
    assert not identity.last_six_match(stored, stored[-6:])


@pytest.mark.parametrize("number", [MALE, "H01234567", "E12345678", "99010120070102005X", "8300000001234567"])
def test_a_number_of_any_document_is_one(number):
    assert identity.is_usable(number)


def test_an_x_that_is_a_sign_is_no_mask():
    assert identity.matches_typed("99010120070102005X", "99010120070102005×") is True
