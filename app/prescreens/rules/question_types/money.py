"""An amount of money in the currency of the question, in the conventions of the language."""

import re
from collections.abc import Sequence

from babel import Locale
from babel.numbers import format_currency, get_territory_currencies, list_currencies

from app.kernel.text import normalization
from app.kernel.text.i18n import Translator
from app.prescreens.models import QuestionType
from app.prescreens.rules.question_types._base import Reader, Refused, plain_text
from app.prescreens.rules.question_types.number import Number
from app.prescreens.rules.questions import Answer, Question

_CODE = re.compile(r"(?<![^\W\d_])[A-Za-z]{3}(?![^\W\d_])")
CODES = frozenset(list_currencies())
SIGNS = {
    "€": "EUR",
    "£": "GBP EGP LBP SYP SDG SSP GIP FKP SHP",
    "¥": "JPY CNY",
    "₹": "INR",
    "₽": "RUB",
    "₺": "TRY",
    "₪": "ILS",
    "₩": "KRW KPW",
    "₴": "UAH",
    "₫": "VND",
    "₦": "NGN",
    "₱": "PHP CUP",
    "฿": "THB",
    "$": "USD CAD AUD NZD HKD SGD TWD JMD TTD BBD BSD BZD BMD KYD FJD GYD LRD NAD SBD SRD XCD BND "
    "MXN ARS CLP COP CUP DOP UYU BRL NIO BOB MOP CVE TOP WST",
}
"""The currencies that a sign may stand for."""


class Money(Number):
    """An amount. The stored value is a number; another currency than the question's is refused, not converted."""

    type = QuestionType.MONEY
    title = "an amount of money"
    bounds = ("at_least", "at_most", "step")
    errors = {**Number.errors, "other_currency": "Please type the amount in {currency}."}

    def parse(self, question: Question, values: Sequence[str], reader: Reader) -> Answer:
        if question.currency and names_other(values[0], question.currency):
            raise Refused("other_currency")
        return super().parse(question, values, reader)

    def format(self, question: Question, value: Answer, t: Translator) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float) or not question.currency:
            return plain_text(value, t)
        # Whole amounts without the cents that nobody typed.
        pattern = Locale(t.lang).currency_formats["standard"].pattern
        whole = isinstance(value, int) or value.is_integer()
        return str(
            format_currency(
                value,
                question.currency,
                format=pattern.replace(".00", "") if whole else pattern,
                locale=t.lang,
                currency_digits=not whole,
            )
        )


def names_other(typed: str, currency: str) -> bool:
    """Whether text beside a number certainly names another currency: by its code, or by a sign that is only others'."""
    text = normalization.plain(typed)
    codes = {code.upper() for code in _CODE.findall(text)} & CODES
    signs = [SIGNS[sign].split() for sign in text if sign in SIGNS]
    return (bool(codes) and currency not in codes) or any(currency not in of_sign for of_sign in signs)


def currency_of(country: str | None, time_zone: str) -> str:
    """The currency of an organization's country, else of that of its time zone, else US dollars."""
    region = country or normalization.region_of(time_zone)
    known = get_territory_currencies(region) if region else []
    return known[0] if known else "USD"
