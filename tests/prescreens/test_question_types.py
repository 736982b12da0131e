"""Every type of question: an answer that round-trips, or a refusal in words; and how questions are stored."""

import json
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.kernel.errors import Invalid
from app.prescreens import presentation
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import QuestionType
from app.prescreens.rules import answers
from app.prescreens.rules.bounds import LIMITING, Bounds
from app.prescreens.rules.question_types import TYPES, Reader
from app.prescreens.rules.questions import Clause, Condition, Expectation, Option, Question, applicable

LOCALES = ("en", "es", "fr", "ar")
OPTIONS = (Option("a", "First"), Option("b", "Second"))


def a_question(kind: QuestionType, **facts: object) -> Question:
    return Question.read({"key": "q", "label": "A question", "type": kind.value, "bounds": {}, **facts})


def of(kind: QuestionType) -> Question:
    extra = {"options": [{"value": o.value, "label": o.label} for o in OPTIONS]} if "choice" in kind else {}
    return a_question(kind, **extra, **({"currency": "USD"} if kind is QuestionType.MONEY else {}))


TYPED = st.one_of(
    st.text(max_size=60),
    st.from_regex(r"[$€]?\s?-?\d{1,9}([.,' ]\d{1,3}){0,3}\s?(USD|EUR|dollars)?", fullmatch=True),
    st.from_regex(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}", fullmatch=True),
    st.sampled_from(
        ["yes", "no", "a", "b", "jane@example.com", "+1 555 010 4477", "\u202e2,500", "١٬٢٥٠", "2.1250", "2,1250"]
    ),
)


@pytest.mark.parametrize("kind", QuestionType)
@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine says nothing about the strategies
@given(typed=st.lists(TYPED, min_size=1, max_size=3), locale=st.sampled_from(LOCALES))
def test_what_is_typed_is_an_answer_that_round_trips_or_is_refused_in_words(
    kind: QuestionType, typed: list[str], locale: str
) -> None:
    question, reader, t = of(kind), Reader(locale, date(2026, 11, 28)), TRANSLATIONS.translator(locale)
    try:
        value = answers.check_answer(question, typed, reader)
    except Invalid as refusal:
        code = refusal.errors[0].code
        assert code in ("required", "several", *TYPES[kind].errors)
        assert presentation.problem(question, code, reader.today, t), "the page has words for it"
        return
    assert value is not None
    assert json.loads(json.dumps(value)) == value
    fields = presentation.fields(question, value, locale)
    assert answers.check_answer(question, fields, reader) == value, "the form shows what is stored"
    assert presentation.answer_text(question, value, t)


@pytest.mark.parametrize("kind", QuestionType)
@pytest.mark.parametrize("value", ["text", True, 3, 2.5, ["a", "gone"], [], "2027-13-45", "10" * 5000])
def test_a_value_of_an_earlier_version_is_shown_as_it_is(kind: QuestionType, value: object) -> None:
    text = presentation.answer_text(of(kind), value)  # type: ignore[arg-type]  # a value that does not fit
    assert isinstance(text, str)
    of(kind).met({"q": value})
    presentation.fields(of(kind), value, "en")  # type: ignore[arg-type]


def test_every_refusal_of_every_type_has_words_in_every_language() -> None:
    for kind, of_type in TYPES.items():
        question = a_question(kind, bounds={"at_least": 1, "at_most": 9, "step": 2, "days_before": 1, "days_after": 1})
        for locale in LOCALES:
            t = TRANSLATIONS.translator(locale)
            for code in ("required", *of_type.errors):
                text = presentation.problem(question, code, date(2026, 11, 28), t)
                assert text
                assert "{" not in text
                assert locale == "en" or text != presentation.problem(
                    question, code, date(2026, 11, 28), presentation.ENGLISH
                )


@pytest.mark.parametrize(
    ("typed", "locale", "value"),
    [
        ("$2,500", "en", 2500),
        ("2500 USD", "en", 2500),
        ("US$ 2,500.50", "en", 2500.5),
        ("2.500,50 $", "es", 2500.5),
        ("2 500 $", "fr", 2500),
        ("٢٬٥٠٠", "ar", 2500),
        ("2500 dollars", "en", 2500),
    ],
)
def test_money_is_read_in_its_language(typed: str, locale: str, value: float) -> None:
    assert answers.check_answer(of(QuestionType.MONEY), [typed], Reader(locale)) == value


@pytest.mark.parametrize("typed", ["€2,500", "2500 EUR", "2500 eur", "£ 2,500", "CAD 2500"])
def test_money_in_another_currency_is_refused(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        answers.check_answer(of(QuestionType.MONEY), [typed])
    assert [(error.code, error.detail) for error in refused.value.errors] == [
        ("other_currency", "Please type the amount in USD.")
    ]


def test_money_is_written_in_its_language() -> None:
    money = of(QuestionType.MONEY)
    shown = [presentation.answer_text(money, 2500, TRANSLATIONS.translator(locale)) for locale in LOCALES]
    assert shown == ["$2,500", "2.500\xa0US$", "2\u202f500\xa0$US", "\u200f2,500\xa0US$"]
    assert presentation.answer_text(money, 0.5) == "$0.50"


def test_steps_are_decimal() -> None:
    bathrooms = a_question(QuestionType.NUMBER, bounds={"step": 0.1})
    assert answers.check_answer(bathrooms, ["0.3"]) == 0.3
    with pytest.raises(Invalid) as refused:
        answers.check_answer(bathrooms, ["0.35"])
    assert refused.value.errors[0].code == "not_step"
    assert "not_step" in LIMITING


@pytest.mark.parametrize(
    ("condition", "given_answers", "asked"),
    [
        ({"key": "pets", "values": ["dog"]}, {"pets": "dog"}, True),  # as versions before this one stored it
        ({"all": [{"key": "pets", "one_of": ["dog"]}]}, {"pets": ["cat", "dog"]}, True),
        ({"all": [{"key": "pets", "one_of": ["dog"]}, {"key": "rent", "at_least": 900}]}, {"pets": "dog"}, False),
        ({"any": [{"key": "pets", "one_of": ["dog"]}, {"key": "rent", "at_least": 900}]}, {"rent": 900}, True),
        ({"all": [{"key": "rent", "at_least": 1}]}, {"rent": True}, False),
        ({"all": [{"key": "rent", "at_least": 1}]}, {"rent": "lots"}, False),
        ({"all": [{"key": "rent", "one_of": [1]}]}, {"rent": True}, False),
        ({"all": [{"key": "pets", "answered": True}]}, {"pets": False}, True),
        ({"all": [{"key": "pets", "answered": True}]}, {}, False),
        ({"all": [{"key": "nothing", "answered": True}]}, {"nothing": 1}, False),
    ],
)
def test_conditions_over_earlier_answers(condition: object, given_answers: dict[str, object], asked: bool) -> None:
    earlier = [Question.read({"key": key, "label": "Q", "type": "text"}) for key in ("pets", "rent")]
    last = Question.read({"key": "last", "label": "Q", "type": "text", "condition": condition})
    assert (last in applicable([*earlier, last], given_answers)) is asked


TEXTS = st.text(max_size=20)
NUMBERS = st.one_of(st.none(), st.integers(-1000, 1000), st.floats(-1e6, 1e6))
CLAUSES = st.one_of(
    st.builds(Clause, TEXTS, one_of=st.lists(st.one_of(TEXTS, st.booleans()), min_size=1, max_size=3).map(tuple)),
    st.builds(Clause, TEXTS, at_least=st.floats(-1e6, 1e6)),
    st.builds(Clause, TEXTS),
)
QUESTIONS = st.builds(
    Question,
    key=TEXTS,
    label=TEXTS,
    type=st.sampled_from(QuestionType),
    required=st.booleans(),
    hint=TEXTS,
    options=st.lists(st.builds(Option, TEXTS, TEXTS), max_size=3).map(tuple),
    criterion=TEXTS,
    expects=st.none() | st.builds(Expectation, NUMBERS, NUMBERS, st.just(())).filter(lambda e: e != Expectation()),
    condition=st.none() | st.builds(Condition, st.lists(CLAUSES, min_size=1, max_size=3).map(tuple), st.booleans()),
    headline=st.booleans(),
    short=TEXTS,
    bounds=st.builds(Bounds, NUMBERS, NUMBERS, st.booleans(), st.none() | st.integers(0, 900)),
    currency=st.sampled_from(["", "USD", "EUR"]),
    hidden=st.booleans(),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(QUESTIONS)
def test_a_question_is_read_as_it_was_stored(question: Question) -> None:
    assert Question.read(json.loads(json.dumps(question.stored()))) == question
