"""Translations: languages and their fall-back, plural forms, values that go in as they are."""

import io
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from app.kernel.text.i18n import Translations, direction

ENGLISH = """
msgid ""
msgstr ""
"Language: en\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "hello"
msgstr "Hello {name},"

msgid "only_english"
msgstr "Not written elsewhere"

msgid "tries"
msgid_plural "tries"
msgstr[0] "{n} try for {name}"
msgstr[1] "{n} tries for {name}"

msgid "only_english_tries"
msgid_plural "only_english_tries"
msgstr[0] "{n} try"
msgstr[1] "{n} tries"
"""
ARABIC = """
msgid ""
msgstr ""
"Language: ar\\n"
"Plural-Forms: nplurals=6; "
"plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);\\n"

msgid "hello"
msgstr "مرحبًا {name}،"

msgid "tries"
msgid_plural "tries"
msgstr[0] "zero"
msgstr[1] "one"
msgstr[2] "two"
msgstr[3] "few {n}"
msgstr[4] "many {n}"
msgstr[5] "other {n}"
"""


@pytest.fixture
def translations(tmp_path: Path) -> Translations:
    for language, text in {"en": ENGLISH, "ar": ARABIC}.items():
        target = tmp_path / language / "LC_MESSAGES" / "visits.mo"
        target.parent.mkdir(parents=True)
        with target.open("wb") as file:
            write_mo(file, read_po(io.BytesIO(text.encode()), abort_invalid=True))
    return Translations("visits", tmp_path)


@pytest.mark.parametrize(
    ("locale", "lang", "dir"),
    [
        ("en", "en", "ltr"),
        ("ar", "ar", "rtl"),
        ("ar-EG", "ar", "rtl"),
        ("AR_eg", "ar", "rtl"),
        ("ro", "en", "ltr"),
        ("", "en", "ltr"),
    ],
)
def test_a_locale_gets_its_language_or_english(translations: Translations, locale: str, lang: str, dir: str) -> None:
    t = translations.translator(locale)
    assert (t.lang, t.dir) == (lang, dir)
    assert t("hello", name="Ana") == {"en": "Hello Ana,", "ar": "مرحبًا Ana،"}[lang]


def test_languages_name_themselves(translations: Translations) -> None:
    assert translations.languages == {"en": "English", "ar": "العربية"}
    assert list(translations.languages) == ["en", "ar"]
    assert translations.translator("ar").english_name == "Arabic"


@pytest.mark.parametrize(
    ("n", "english", "arabic"),
    [
        (0, "0 tries for Ana", "zero"),
        (1, "1 try for Ana", "one"),
        (2, "2 tries for Ana", "two"),
        (3, "3 tries for Ana", "few 3"),
        (10, "10 tries for Ana", "few 10"),
        (11, "11 tries for Ana", "many 11"),
        (99, "99 tries for Ana", "many 99"),
        (100, "100 tries for Ana", "other 100"),
        (103, "103 tries for Ana", "few 103"),
    ],
)
def test_numbers_choose_the_plural_form(translations: Translations, n: int, english: str, arabic: str) -> None:
    assert translations.translator("en")("tries", n=n, name="Ana") == english
    assert translations.translator("ar")("tries", n=n, name="Ana") == arabic


def test_a_message_that_is_missing_comes_in_english(translations: Translations) -> None:
    arabic = translations.translator("ar")
    assert arabic("only_english") == "Not written elsewhere"
    assert [arabic("only_english_tries", n=n) for n in (1, 2)] == ["1 try", "2 tries"]


def test_an_unknown_key_is_an_error_and_never_printed(translations: Translations) -> None:
    for locale in ("en", "ar"):
        t = translations.translator(locale)
        for values in ({}, {"n": 2}):
            with pytest.raises(KeyError, match="nothing"):
                t("nothing", **values)
        with pytest.raises(KeyError):
            t("hello", n=2, name="Ana")


def test_values_go_in_as_they_are(translations: Translations) -> None:
    t = translations.translator("en")
    for value in ("<b>", "{n}", "{name.__class__}", "%(n)s", "\\n"):
        assert t("hello", name=value) == f"Hello {value},"
        assert type(t("hello", name=value)) is str


def test_without_english_there_is_nothing_to_fall_back_on(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="en"):
        Translations("visits", tmp_path)


def test_direction_of_a_locale() -> None:
    assert {locale: direction(locale) for locale in ("fr", "ar-AE", "he", "fa", "ur_PK", "")} == {
        "fr": "ltr",
        "ar-AE": "rtl",
        "he": "rtl",
        "fa": "rtl",
        "ur_PK": "rtl",
        "": "ltr",
    }
