"""Translations: gettext catalogs, read once, called by key.

A desk package keeps its catalogs in `locales/<language>/LC_MESSAGES/<domain>.po`, with the compiled `.mo` beside each;
only the latter are read here. `python -m tools.locales` compiles them. Keys are symbolic (docs/decisions/0017).
"""

import gettext
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from babel import Locale

RIGHT_TO_LEFT = frozenset(("ar", "fa", "he", "ur"))

LANGUAGES: dict[str, str] = {
    "en": "English",
    "fr": "Français",
    "de": "Deutsch",
    "es": "Español",
    "it": "Italiano",
    "pt": "Português",
    "nl": "Nederlands",
    "pl": "Polski",
    "cs": "Čeština",
    "ro": "Română",
    "sv": "Svenska",
    "da": "Dansk",
    "ar": "العربية",
    "tr": "Türkçe",
}
"""The 14 languages of the inspections document, each with its own name for itself. Written here, because reading
Babel's data of all of them takes a fifth of a second."""


def language_of(locale: str) -> str:
    """The language of a locale: `es` for `es-MX` and `es_MX`."""
    return re.split("[-_]", locale, maxsplit=1)[0].lower()


def direction(locale: str) -> str:
    """`rtl` or `ltr`: the value of HTML's `dir` for text in this locale."""
    return "rtl" if language_of(locale) in RIGHT_TO_LEFT else "ltr"


@dataclass(frozen=True, slots=True)
class Translator:
    """The messages of one domain in one language: `t("send", organization="Alder Row Homes")`, `t("code_wrong", n=2)`.

    `n` chooses the plural form of a message that has several. Values go in as they are, so what prints the text escapes
    it. Raises KeyError for a key that English does not have either.
    """

    lang: str
    messages: gettext.NullTranslations

    def __call__(self, key: str, /, *, n: int | None = None, **values: object) -> str:
        if n is None:
            return self.messages.gettext(key).format(**values)
        return self.messages.ngettext(key, key, n).format(n=n, **values)

    @property
    def dir(self) -> str:
        """`rtl` or `ltr`."""
        return direction(self.lang)

    @property
    def english_name(self) -> str:
        """What English calls the language: `French`."""
        return Locale(self.lang).english_name or self.lang


class Translations:
    """The catalogs of one domain, one a language. English stands in for a missing language and a missing message."""

    def __init__(self, domain: str, folder: Path) -> None:
        catalogs = {}
        for path in folder.glob(f"*/LC_MESSAGES/{domain}.mo"):
            with path.open("rb") as file:
                catalogs[path.parts[-3]] = gettext.GNUTranslations(file)
        english = catalogs["en"]
        for catalog in catalogs.values():
            catalog.add_fallback(_Unknown() if catalog is english else english)
        self._translators = {lang: Translator(lang, catalog) for lang, catalog in catalogs.items()}

    @cached_property
    def languages(self) -> dict[str, str]:
        """Every written language with its own name for itself: `{"en": "English", "fr": "Français"}`."""
        names = sorted((LANGUAGES[lang], lang) for lang in self._translators)
        return {lang: name for name, lang in names}

    def translator(self, locale: str) -> Translator:
        """The messages in the language of `locale`; in English when that language is not written."""
        return self._translators.get(language_of(locale), self._translators["en"])


class _Unknown(gettext.NullTranslations):
    """The end of the line of fallbacks. gettext itself would print the key."""

    def gettext(self, message: str) -> NoReturn:
        raise KeyError(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> NoReturn:
        raise KeyError(msgid1)
