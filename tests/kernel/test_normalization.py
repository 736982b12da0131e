"""What typed text means, by the kind of its field: codes, telephones, numbers, names, e-mail addresses."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.text import normalization

NOTHING = " -\u00a0\u2007\u2009\u202f\u3000\t\n\u00ad\u200b\u200c\u200d\u200e\u200f\u2010\u2011\u2013\u2014\u2212\u2060"
NOTHING += "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ufe0f\u034f\u061c\u3164\u2800"
ZEROS = [chr(code) for code in range(0x1FFFF) if unicodedata.decimal(chr(code), None) == 0]
INVISIBLE = [
    "\u200b",
    "\u3164",
    "\u2800",
    "\u00ad",
    "\u115f",
    "\uffa0",
    "\u0301\u0302",
    "\ufe0f",
    "\U000e0041",
    "\u202e",
]


def in_another_script(digits: str, zero: str) -> str:
    return "".join(chr(ord(zero) + int(each)) if each.isdigit() else each for each in digits)


@given(
    st.text("0123456789", min_size=1, max_size=8),
    st.sampled_from(ZEROS),
    st.lists(st.text(NOTHING, max_size=3), min_size=9, max_size=9),
)
def test_a_code_is_its_digits(digits: str, zero: str, around: list[str]) -> None:
    typed = "".join(a + b for a, b in zip(around, in_another_script(digits, zero), strict=False)) + around[-1]
    assert normalization.code(typed) == digits


@pytest.mark.parametrize(
    "typed", ["123456.", "123.456", "\u201c123456\u201d", "123,456", "(123456)", "#123456", "123_456"]
)
def test_punctuation_that_was_copied_with_a_code_is_nothing(typed: str) -> None:
    assert normalization.code(typed) == "123456"


@pytest.mark.parametrize("typed", ["", "  ", "-", "...", "\u200b\u202a", NOTHING])
def test_a_code_of_nothing_is_empty(typed: str) -> None:
    assert normalization.code(typed) == ""


@pytest.mark.parametrize(("typed", "read"), [("12a", "12a"), ("ＡＢ-12", "AB12"), ("G-12", "G12")])
def test_what_is_not_nothing_stays_in_a_code(typed: str, read: str) -> None:
    assert normalization.code(typed) == read


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("\u202a+1 555 010 4477\u202c", "+1 555 010 4477"),
        ("+1\u00a0555\u00a0010\u20134477", "+1 555 010-4477"),
        ("٠٥٥٥٠١٠٤٤٧", "0555010447"),
        ("۰۵۵۵-۰۱۰-۴۴۷", "0555-010-447"),
        ("＋３３　６ １２ ３４ ５６ ７８", "+33 6 12 34 56 78"),
        ("(+33) 6.12.34.56.78", "(+33) 6.12.34.56.78"),
        ("0033 6 12/34 56 78", "0033 6 12/34 56 78"),
        ("03ー1234ー5678", "03-1234-5678"),
        ("tel:+1-555-010-4477", "+1-555-010-4477"),
        ("+1 555\t010\n4477", "+1 555 010 4477"),
        ("123456", "123456"),
        ("123456789012345", "123456789012345"),
        ("+1 555 010 4477 ext. 12", "+1 555 010 4477 ext. 12"),
        ("555-010-4477 X12", "555-010-4477 X12"),
        ("+1 555 010 4477;ext=12", "+1 555 010 4477;ext=12"),
        ("01 23 45 67 89 poste ١٢", "01 23 45 67 89 poste 12"),
        ("91 123 45 67, extensión 3", "91 123 45 67, extensión 3"),
        ("123456789012345 #1234567", "123456789012345 #1234567"),
        (" \u200b ", ""),
        ("12345", None),
        ("12345 ext. 678", None),
        ("+1 555 010 4477 ext.", None),
        ("ext. 12", None),
        ("1234567890123456", None),
        ("call me", None),
        ("555 010 4477 or 555 010 4478", None),
        ("+1 +555 010 4477", None),
        ("٠٥٥٥٠١٠٤٤٧ بعد الظهر", None),
    ],
)
def test_a_telephone_is_kept_as_typed_in_ascii(typed: str, kept: str | None) -> None:
    assert normalization.telephone(typed) == kept


@given(st.text("0123456789", min_size=6, max_size=15), st.sampled_from(ZEROS), st.text(NOTHING, max_size=4))
def test_six_to_fifteen_digits_are_a_telephone_in_every_script(digits: str, zero: str, marks: str) -> None:
    kept = normalization.telephone(f"\u202a{in_another_script(digits, zero)}{marks}\u202c")
    assert kept is not None
    assert kept.replace(" ", "").replace("-", "") == digits
    assert normalization.telephone_key(kept, "US")


@pytest.mark.parametrize(
    ("number", "region", "key"),
    [
        ("+1 555 010 4477", None, "+15550104477"),
        ("555 010 4477", "US", "+15550104477"),
        ("(555) 010-4477", "US", "+15550104477"),
        ("1-555-010-4477", "US", "+15550104477"),
        ("001 555 010 4477", "FR", "+15550104477"),
        ("001 555 010 4477", "US", "+15550104477"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "US", "+33612345678"),
        ("02 1234 5678", "IT", "+390212345678"),
        ("0555010447", "SA", "+966555010447"),
        ("+999 123 456 789", "US", "+999123456789"),
        ("555 010 4477", None, "5550104477"),
        ("555 010 4477 ext. 12", None, "5550104477"),
        ("555 010 4477 ext. 12", "US", "+15550104477"),
        ("+999 123 456 789 poste 12", "FR", "+999123456789"),
        ("020 7946 0018 x3", "GB", "+442079460018"),
        ("123456", "US", "123456"),
        ("123456789012345", "US", "123456789012345"),
    ],
)
def test_two_spellings_of_one_number_have_one_key(number: str, region: str | None, key: str) -> None:
    assert normalization.telephone_key(number, region) == key
    assert normalization.telephone_key(key, region) == key


@pytest.mark.parametrize(
    ("zone", "region"),
    [("America/New_York", "US"), ("Asia/Calcutta", "IN"), ("Asia/Kolkata", "IN"), ("US/Pacific", "US"), ("UTC", None)],
)
def test_the_country_of_a_zone(zone: str, region: str | None) -> None:
    assert normalization.region_of(zone) == region


READ = [
    ("1.250", 1250),
    ("1,250", 1250),
    ("1250,50", 1250.5),
    ("1250.50", 1250.5),
    ("1 200 €", 1200),
    ("1\u202f200\u00a0€", 1200),
    ("$2,500", 2500),
    ("US$ 2,500.00", 2500),
    ("2.500,75", 2500.75),
    ("1'250", 1250),
    ("1’250.50", 1250.5),
    ("1.250.000", 1250000),
    ("12,34,567", 1234567),
    ("١٬٢٥٠٫٥٠", 1250.5),
    ("١٢٥٠ ريال", 1250),
    ("2500 د.إ.", 2500),
    ("۲۵۰۰", 2500),
    ("２，５００", 2500),
    ("Rs.2500", 2500),
    ("2500.-", 2500),
    ("2500 dollars", 2500),
    ("CHF 2'500", 2500),
    ("\u202a2500\u202c", 2500),
    ("2,5", 2.5),
    ("0,5", 0.5),
    (".5", 0.5),
    ("−3", -3),
    ("-$5", -5),
    ("0", 0),
]


@pytest.mark.parametrize("locale", ["en", "es", "fr", "ar", "de", "xx"])
@pytest.mark.parametrize(("typed", "value"), READ)
def test_a_number_in_the_ways_people_write_it(typed: str, value: float, locale: str) -> None:
    found = normalization.number(typed, locale)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("locale", ["en", "es", "fr", "ar"])
@pytest.mark.parametrize("typed", ["0.250", "0,250", "1250.500", "1٫250", "1,250.500", "1.250,500", "1 250,500"])
def test_a_number_with_two_readings_is_asked_again(typed: str, locale: str) -> None:
    with pytest.raises(normalization.Ambiguous):
        normalization.number(typed, locale)


@pytest.mark.parametrize(
    "typed",
    [
        *("", "$", "many", "2.5k", "2 mil", "1e9", "NaN", "0x10", "12 34", "1,2,3", "1..5", "2500-3000", "1/2", "50%"),
        *("1200 a day", "2500/month", "two 2", "1000000000000.5", "0.0000001", "--5", "1" * 5000, "٢ آلاف", "2 m", "½"),
    ],
)
def test_what_is_not_certainly_a_number_is_none(typed: str) -> None:
    with pytest.raises(normalization.NotANumber):
        normalization.number(typed, "en")


@given(
    st.integers(1, 999), st.integers(0, 999), st.sampled_from(".,' \u202f\u066c\u066b"), st.sampled_from(["en", "ar"])
)
def test_one_mark_before_three_digits_is_thousands_or_is_asked(
    thousands: int, rest: int, mark: str, locale: str
) -> None:
    try:
        assert normalization.number(f"{thousands}{mark}{rest:03}", locale) == thousands * 1000 + rest
    except normalization.Ambiguous:
        assert mark == "\u066b"


@given(st.integers(-(10**12), 10**12).map(lambda n: n / 10**6), st.sampled_from(["en", "es", "fr", "ar", "de"]))
def test_a_number_is_read_back_as_it_was_written(value: float, locale: str) -> None:
    assert normalization.number(normalization.written(value, locale), locale) == value


@pytest.mark.parametrize("typed", [*INVISIBLE, "", " ", "\t\u00a0\u3000", "".join(INVISIBLE)])
def test_a_name_of_nothing_is_empty(typed: str) -> None:
    assert normalization.name(typed) == ""
    assert normalization.text(typed) == ""
    assert normalization.is_blank(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ana \u200b", "Ana"),
        ("\u202eanA", "anA"),
        ("\u2067ana\u2069 b", "ana b"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("අක්\u200dෂර", "අක්\u200dෂර"),
        ("അവന്\u200d ", "അവന്\u200d"),
        ("👩\u200d👧 ❤️", "👩\u200d👧 ❤️"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f", "\U0001f3f4\U000e0067\U000e0062\U000e007f"),
        (".", "."),
    ],
)
def test_a_name_keeps_what_belongs_to_its_characters(typed: str, kept: str) -> None:
    assert normalization.name(typed) == kept


@given(st.text(max_size=30))
def test_a_name_that_is_kept_can_be_seen_and_stays_as_it_is(typed: str) -> None:
    kept = normalization.name(typed)
    assert normalization.name(kept) == kept
    assert (kept == "") is normalization.is_blank(kept)


@pytest.mark.parametrize(
    "typed",
    [
        "\u200bana@example.com\ufeff",
        " \u202aana@example.com\u202c ",
        "ana@\u00adexample.com",
        "ａｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ",
    ],
)
def test_an_address_without_its_marks(typed: str) -> None:
    assert normalization.email(typed) == "ana@example.com"
    assert normalization.email_key(typed.upper()) == "ana@example.com"


def test_line_breaks_are_one_character() -> None:
    assert normalization.text("one\r\ntwo\rthree\n\r\n") == "one\ntwo\nthree"


@pytest.mark.parametrize(
    ("typed", "title", "rest", "rank"),
    [
        ("smith", "jane smith", "", 0),
        ("smith", "jane smithson", "smith", 1),
        ("smith", "jane", "smith", 2),
        ("smith", "jane", "smithson", 3),
        ("smith", "jane", "blacksmith", None),
        ("smith harb", "jane smith", "harbor", 3),
        ("smith harb", "jane smith", "", None),
        ("anne-marie", "annemarie", "", 0),
        ("anne-marie", "marie anne", "", 0),
        ("anne-marie", "anne", "", None),
        ("", "jane", "", 0),
    ],
)
def test_words_of_the_title_rank_before_others_and_whole_ones_before_beginnings(typed, title, rest, rank) -> None:
    assert normalization.ranking(normalization.query_terms(typed))(title, rest) == rank
