"""Numbers as people type them: in the conventions of their language, with their currency, or without either.

One mark before exactly three digits separates thousands, in every language: nobody writes money or people with three
decimals. Where it cannot (`0.250`, `1250.500`), the number is ambiguous and the user is asked again.
"""

import re
import unicodedata
from decimal import Decimal
from functools import cache
from itertools import pairwise

from babel import Locale, UnknownLocaleError
from babel.numbers import get_decimal_symbol, list_currencies

from app.kernel.text.normalization.characters import plain
from app.kernel.text.normalization.words import fold, split

LARGEST = 10**12
LANGUAGES = ("en", "es", "fr", "ar")
DECIMALS = 6
_SIGNS = str.maketrans(
    dict.fromkeys("’‘ʼ′`´\u066c", "'") | {"\u060c": ","}  # other apostrophes, Arabic thousands mark and comma
)
_DECIMAL = "\u066b"
"""The Arabic decimal mark, which is nothing else."""
_FIRST = re.compile(rf"(?:(?<![^\W\d_])[.,{_DECIMAL}])?\d", re.ASCII)
_NUMBER = re.compile(rf"[.,{_DECIMAL}]?\d+(?:[.,' {_DECIMAL}]\d+)*", re.ASCII)
_END = re.compile(r"(?:[.,]-*|/-)")
"""The end of `2500.`, `2500.-` and `2500/-`."""
CURRENCIES = """
dollar dollars buck bucks euro euros pound pounds quid sterling franc francs peso pesos rupee rupees dirham dirhams
riyal riyals rial rials dinar dinars yen yuan won krona kronor krone kroner kr zloty zl real reais lira liras shekel
shekels rand rs re fr sfr dh dhs sr qr tl lei leu kc ft cfa fcfa f us ca au nz hk mx a c r american canadian australian
dolar dolares libra libras sol soles reales colon colones lempiras quetzales bolivianos guaranies bolivares franco
francos americano americanos estadounidense estadounidenses mexicano mexicanos canadiense canadienses
livre livres roupies americain americains canadien canadiens suisse suisses marocain marocains
دولار دولارات يورو جنيه جنيهات ريال ريالات درهم دراهم دينار دنانير ليرة ليرات روبية روبيات فرنك فرنكات
أمريكي أمريكية سعودي إماراتي مصري كويتي مغربي قطري أردني عماني بحريني تونسي جزائري عراقي لبنانية سورية
"""
"""Words beside a number that say its currency and nothing else."""


class NotANumber(ValueError):
    """The text is no number, or not certainly this one."""


class Ambiguous(NotANumber):
    """The text is one number in some languages and another number in others."""


def number(typed: str, locale: str) -> int | float:
    """The number that was typed, in the conventions of a language. Raises NotANumber, Ambiguous."""
    sign, digits = _parts(plain(typed).translate(_SIGNS))
    value = _value(digits, locale).normalize()
    if value > LARGEST or -value.as_tuple().exponent > DECIMALS:  # type: ignore[operator]  # it is finite
        raise NotANumber(typed)
    value *= sign
    return int(value) if value == value.to_integral_value() else float(value)


def written(value: int | float, locale: str) -> str:
    """The number as text that `number` reads back, with the decimal mark of the language."""
    if isinstance(value, int) or value.is_integer():
        return str(int(value))
    whole, _, decimals = format(Decimal(repr(value)), "f").partition(".")
    return whole + _decimal_mark(locale) + decimals + "0" * (len(decimals) == 3)


def _parts(text: str) -> tuple[int, str]:
    """Sign and digits of a number, without the currency around it."""
    first = _FIRST.search(text)
    found = _NUMBER.match(text, first.start()) if first else None
    if first is None or found is None:
        raise NotANumber(text)
    before, after = text[: first.start()].strip(), text[found.end() :]
    end = _END.match(after)
    sign = re.sub(r"[^+-]", "", before)
    beside = (re.sub(r"[+-]", " ", before), after[end.end() :] if end else after)
    if len(sign) > 1 or not all(_is_currency(each) for each in beside):
        raise NotANumber(text)
    return -1 if sign == "-" else 1, found[0]


def _value(digits: str, locale: str) -> Decimal:
    marks = re.findall(r"\D", digits, re.ASCII)
    groups = re.split(r"\D", digits, flags=re.ASCII)
    if not marks:
        return Decimal(digits)
    last, tail = marks[-1], groups[-1]
    if last in " '" or (len(marks) > 1 and last in ".," and marks[0] == last):
        return _whole(marks, groups)
    if len(tail) == 3:
        if len(marks) == 1 and last != _DECIMAL and 1 <= len(groups[0]) <= 3 and groups[0][0] != "0":
            return Decimal(groups[0] + tail)
        raise Ambiguous(digits)
    if len(tail) > 3 and last not in (_DECIMAL, _decimal_mark(locale)):
        raise Ambiguous(digits)
    return _whole(marks[:-1], groups[:-1]) + Decimal(f"0.{tail}")


def _whole(marks: list[str], groups: list[str]) -> Decimal:
    """The number of groups of digits with one kind of mark between them."""
    first, *others = groups
    if others:
        grouped = all(len(each) == 3 for each in others)
        # The Indian way: 12,34,567.
        grouped = grouped or (marks[0] == "," and len(others[-1]) == 3 and all(len(each) == 2 for each in others[:-1]))
        if not (grouped and 1 <= len(first) <= 3 and first[0] != "0" and all(a == b for a, b in pairwise(marks))):
            raise NotANumber("groups")
    return Decimal("".join(groups) or 0)


def _decimal_mark(locale: str) -> str:
    try:
        return str(get_decimal_symbol(_language(locale), numbering_system="latn"))
    except (UnknownLocaleError, ValueError):
        return "."


def _is_currency(text: str) -> bool:
    """Whether text beside a number says its currency, or is empty."""
    known = all(each in ". " or unicodedata.category(each)[0] in "LM" or _is_sign(each) for each in text)
    return known and set(split(fold(text.replace(".", "")))) <= _currencies()


def _is_sign(character: str) -> bool:
    return unicodedata.category(character) == "Sc"


@cache
def _currencies() -> frozenset[str]:
    """The folded words that name a currency, in the languages of the pages, with the codes of ISO 4217."""
    symbols = [each for language in LANGUAGES for each in Locale(language).currency_symbols.values()]
    texts = [CURRENCIES, *list_currencies(), *symbols]
    return frozenset(word for text in texts for word in split(fold(text.replace(".", ""))))


def _language(locale: str) -> str:
    return locale.replace("_", "-").partition("-")[0]
