"""What a questionnaire may say: its content, what keeps it from being published, and how two versions differ."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from app.kernel.errors import Conflict, FieldError, Invalid
from app.kernel.json_types import JsonObject
from app.kernel.text import normalization
from app.kernel.text.normalization.numbers import DECIMALS, LARGEST
from app.prescreens.models import QuestionType
from app.prescreens.rules import files, texts
from app.prescreens.rules.bounds import Bounds, default
from app.prescreens.rules.question_types import TYPES
from app.prescreens.rules.question_types.money import CODES
from app.prescreens.rules.questions import Clause, Option, Question, is_one_of, read_questions
from app.prescreens.rules.texts import NO_CLOSING, Closing, Translation

MOST_QUESTIONS = 100
MOST_OPTIONS = 100
MOST_CLAUSES = 10
LENGTHS = {"name": 200, "introduction": 5000, "label": 300, "short": 60, "hint": 500, "criterion": 300, "reason": 1000}
LENGTHS["closing"] = 2000
"""Most characters of a text."""
OPTION_LENGTH = 200
KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
MOST = LARGEST
"""The largest number that an answer may be."""
FINEST = 10**-DECIMALS
"""The smallest step between numbers: answers have no more decimals."""
MOST_DAYS = 100_000
"""Days before or after today that a bound may lie."""


@dataclass(frozen=True, slots=True)
class Content:
    """What one version of a questionnaire says.

    `language` is that of its texts, empty for the organization's; `translations` are by language.
    """

    introduction: str = ""
    questions: tuple[Question, ...] = ()
    closing: Closing = NO_CLOSING
    language: str = ""
    translations: Mapping[str, Translation] = field(default_factory=dict)

    @classmethod
    def read(cls, stored: JsonObject) -> "Content":
        return cls(
            stored["introduction"],
            read_questions(stored["questions"]),
            Closing.read(stored.get("closing", {})),
            stored.get("language", ""),
            stored.get("translations", {}),
        )

    def stored(self) -> JsonObject:
        return {
            "introduction": self.introduction,
            "questions": [question.stored() for question in self.questions],
            **self.texts(),
        }

    def texts(self) -> JsonObject:
        """What is neither introduction nor question, as far as there is any."""
        closing, translations = self.closing.stored(), {name: dict(each) for name, each in self.translations.items()}
        found = {"language": self.language, "closing": closing, "translations": translations}
        return {name: value for name, value in found.items() if value}


class Problem(NamedTuple):
    """What keeps a draft from being published: in one question (counted from 1), or in all of it."""

    number: int | None
    sentence: str


def problems(content: Content, published: Mapping[str, QuestionType]) -> list[Problem]:
    """Everything that keeps it from being published. `published` are the keys of all versions, with their types."""
    found: list[Problem] = []
    if not content.questions:
        found.append(Problem(None, "There is no question yet."))
    if len(content.questions) > MOST_QUESTIONS:
        found.append(Problem(None, f"A questionnaire has at most {MOST_QUESTIONS} questions."))
    if len(content.introduction) > LENGTHS["introduction"]:
        found.append(Problem(None, f"The introduction has more than {LENGTHS['introduction']:,} characters."))
    found += [Problem(None, sentence) for sentence in _text_faults(content)]
    earlier: dict[str, Question] = {}
    for number, question in enumerate(content.questions, 1):
        found += [Problem(number, sentence) for sentence in _faults(question, earlier, published)]
        earlier[question.key] = question
    return found


def _text_faults(content: Content) -> Iterator[str]:
    if content.language in content.translations:
        yield "It has a translation into its own language."
    for outcome, text in content.closing.stored().items():
        if len(text) > LENGTHS["closing"]:
            yield f"The closing words for {outcome} have more than {LENGTHS['closing']:,} characters."
    for language, words in content.translations.items():
        if any(len(text) > texts.limit(address, LENGTHS, OPTION_LENGTH) for address, text in words.items()):
            yield f"A text of the translation {language} is too long."


def check_publishable(content: Content, before: Content | None, published: Mapping[str, QuestionType]) -> None:
    """Whether it can be published after `before`. Raises Invalid with every problem, Conflict when nothing differs."""
    if content == before:
        raise Conflict("Nothing differs from the published version, so nothing was published.", code="nothing_differs")
    found = problems(content, published)
    if not found:
        return
    sentences = [f"Question {each.number}: {each.sentence}" if each.number else each.sentence for each in found]
    more = "" if len(found) == 1 else f" {len(found) - 1} more must be mended too."
    raise Invalid(
        f"{sentences[0]}{more} Nothing was published.",
        code="questionnaire.unfinished",
        errors=[FieldError(f"questions.{each.number or 0}", "unfinished", each.sentence) for each in found],
    )


def _faults(
    question: Question, earlier: Mapping[str, Question], published: Mapping[str, QuestionType]
) -> Iterator[str]:
    yield from _key_faults(question, earlier, published)
    if normalization.is_blank(question.label):
        yield "It has no text."
    for name in ("label", "short", "hint", "criterion"):
        if len(getattr(question, name)) > LENGTHS[name]:
            yield f"Its {_NAMES[name]} has more than {LENGTHS[name]} characters."
    yield from _option_faults(question)
    yield from _bound_faults(question.bounds)
    yield from _criterion_faults(question)
    if question.condition:
        if not 1 <= len(question.condition.clauses) <= MOST_CLAUSES:
            yield f"Its condition has one to {MOST_CLAUSES} parts."
        for clause in question.condition.clauses:
            yield from _clause_faults(clause, earlier)


_NAMES = {"label": "text", "short": "short name", "hint": "help", "criterion": "criterion"}


def _key_faults(
    question: Question, earlier: Mapping[str, Question], published: Mapping[str, QuestionType]
) -> Iterator[str]:
    if question.key in earlier:
        yield "Another question has the same key."
    of_old = published.get(question.key)
    if of_old is None and not KEY.fullmatch(question.key):
        yield "Its key must begin with a letter and have letters, digits and _ only, at most 60."
    if of_old is not None and of_old is not question.type:
        yield f"Under its key {TYPES[of_old].title} was asked. Another kind of answer is a new question with a new key."


def _option_faults(question: Question) -> Iterator[str]:
    chooses = question.type in (QuestionType.CHOICE, QuestionType.CHOICES)
    if chooses and len(question.options) < 2:
        yield "It needs at least two answers to choose from."
    if question.options and not chooses:
        yield "Only questions with answers to choose from have any."
    if len(question.options) > MOST_OPTIONS:
        yield f"It has more than {MOST_OPTIONS} answers to choose from."
    if len({option.value for option in question.options}) < len(question.options):
        yield "Two of its answers have the same value."
    if any(normalization.is_blank(option.value) or normalization.is_blank(option.label) for option in question.options):
        yield "One of its answers is empty."
    if any(len(text) > OPTION_LENGTH for option in question.options for text in (option.value, option.label)):
        yield f"One of its answers has more than {OPTION_LENGTH} characters."
    if question.type is QuestionType.MONEY and not is_currency(question.currency):
        yield "It needs a currency, such as USD."


def _bound_faults(bounds: Bounds) -> Iterator[str]:
    if bounds.at_least is not None and bounds.at_most is not None and bounds.at_least > bounds.at_most:
        yield "The smallest number it takes is larger than the largest."
    if bounds.step is not None and not FINEST <= bounds.step <= MOST:
        yield f"The step between its numbers must be {FINEST:.{DECIMALS}f} or more."
    if bounds.days_before is not None and bounds.days_after is not None and -bounds.days_before > bounds.days_after:
        yield "The first day it takes is after the last."
    if bounds.files is not None and not 1 <= bounds.files <= files.MOST_EVER:
        yield f"It takes 1 to {files.MOST_EVER} files."
    if bounds.megabytes is not None and not 1 <= bounds.megabytes <= files.MOST_MEGABYTES:
        yield f"A file of it has 1 to {files.MOST_MEGABYTES} megabytes."
    if bounds.only is not None and bounds.only not in files.KINDS:
        yield "It takes pictures, PDF, or both."
    if any(number is not None and abs(number) > MOST for number in (bounds.at_least, bounds.at_most)):
        yield f"Its bounds are at most {MOST:,}."
    if any(days is not None and abs(days) > MOST_DAYS for days in (bounds.days_before, bounds.days_after)):
        yield f"Its days are at most {MOST_DAYS:,} before or after today."


def _criterion_faults(question: Question) -> Iterator[str]:
    expects, takes = question.expects, TYPES[question.type].criterion
    if expects is None:
        return
    stated = [name for name in ("at_least", "at_most", "one_of") if getattr(expects, name) not in (None, ())]
    if not stated or any(name not in takes for name in stated):
        yield "Its rule does not fit this kind of answer: leave it to be read by a person."
    if not question.criterion:
        yield "Its rule needs a sentence: the criterion as an agent reads it."
    if expects.at_least is not None and expects.at_most is not None and expects.at_least > expects.at_most:
        yield "No number can meet its rule."
    if any(not is_one_of(value, values_of(question)) for value in expects.one_of):
        yield "Its rule names an answer that cannot be chosen."


def _clause_faults(clause: Clause, earlier: Mapping[str, Question]) -> Iterator[str]:
    source = earlier.get(clause.key)
    if source is None:
        yield "It depends on a question that does not come before it."
    elif clause.one_of and values_of(source) and not all(is_one_of(each, values_of(source)) for each in clause.one_of):
        yield f"It depends on an answer to “{source.label}” that cannot be chosen."
    elif clause.at_least is not None and source.type not in (QuestionType.NUMBER, QuestionType.MONEY):
        yield f"It depends on a number, but “{source.label}” asks for {TYPES[source.type].title}."


def values_of(question: Question) -> Sequence[bool | str]:
    """The values that can be chosen; empty where the answer is typed."""
    if question.type is QuestionType.YESNO:
        return (True, False)
    return [option.value for option in question.options]


def is_currency(code: str) -> bool:
    return code in CODES


_STOP_WORDS = """
a an and any are can could did do does for have how i if in is it like may many much of on or our please shall
should tell that the there this to us want we what when where which who will with would you your que cual cuales
como cuando cuanto cuantas cuantos donde de del el la los las su sus un una y en por para es son quel quelle quels
quelles combien quand comment est sont le les des du un une et votre vos vous
"""
_STOP = frozenset(_STOP_WORDS.split())


def proposed_key(label: str, taken: Collection[str]) -> str:
    """A key for a new question, from the words of its label: `fullName`."""
    words = [word for word in normalization.split(normalization.fold(label)) if word.isascii() and not word.isdigit()]
    chosen = ([word for word in words if word not in _STOP] or words)[:3]
    key = "".join(word if not place else word.capitalize() for place, word in enumerate(chosen))[:50]
    if not KEY.fullmatch(key):
        key = "question"
    return key if key not in taken else next(f"{key}{n}" for n in range(2, len(taken) + 3) if f"{key}{n}" not in taken)


def new_question(label: str, type: QuestionType, taken: Collection[str], currency: str) -> Question:
    """A question that an editor adds: its key is proposed, its bounds are those of what it asks for."""
    key = proposed_key(label, taken)
    options = (Option("1", "First answer"), Option("2", "Second answer")) if "choice" in type else ()
    return Question(
        key,
        label,
        type,
        options=options,
        bounds=default(key, type),
        currency=currency if type is QuestionType.MONEY else "",
    )


def with_question(content: Content, place: int, question: Question) -> Content:
    """The content with another question at a place. Conditions and translations follow it under another key."""
    former, translations = content.questions[place].key, content.translations
    questions = [*content.questions[:place], question, *content.questions[place + 1 :]]
    if question.key != former:
        questions = [_renamed(each, former, question.key) for each in questions]
        translations = texts.renamed(translations, former, question.key)
    return replace(content, questions=tuple(questions), translations=translations)


def tidied(content: Content, name: str) -> Content:
    """The content, of a questionnaire of this name, without translations of texts that it does not have."""
    there = texts.originals(name, content.introduction, content.closing, content.questions)
    return replace(content, translations=texts.kept(content.translations, there))


def _renamed(question: Question, former: str, key: str) -> Question:
    if question.condition is None:
        return question
    clauses = tuple(replace(each, key=key) if each.key == former else each for each in question.condition.clauses)
    return replace(question, condition=replace(question.condition, clauses=clauses))


class Kind(StrEnum):
    """What a change does to answers that were given before it."""

    HARMLESS = "harmless"
    MEANING = "changes what the key means"
    MISFIT = "old answers do not fit"


class Change(NamedTuple):
    """One difference between two versions. `member` is a part of the question, empty where all of it is new or gone."""

    key: str
    member: str
    before: Question | None
    after: Question | None
    kind: Kind


_MEMBERS: Mapping[str, Kind] = {
    "label": Kind.MEANING,
    "hint": Kind.HARMLESS,
    "short": Kind.HARMLESS,
    "required": Kind.HARMLESS,
    "options": Kind.HARMLESS,
    "bounds": Kind.HARMLESS,
    "currency": Kind.MEANING,
    "criterion": Kind.MEANING,
    "expects": Kind.MEANING,
    "condition": Kind.HARMLESS,
    "headline": Kind.HARMLESS,
    "hidden": Kind.HARMLESS,
}


def changes(before: Content, after: Content) -> list[Change]:
    """The differences of the questions, in the order of the later version; then those that are gone."""
    old = {question.key: question for question in before.questions}
    new = {question.key: question for question in after.questions}
    found: list[Change] = []
    for key, question in new.items():
        former = old.get(key)
        if former is None:
            found.append(Change(key, "", None, question, Kind.HARMLESS))
            continue
        found += [
            Change(key, name, former, question, _kind(name, kind, former, question))
            for name, kind in _MEMBERS.items()
            if getattr(former, name) != getattr(question, name)
        ]
    found += [Change(key, "", former, None, Kind.HARMLESS) for key, former in old.items() if key not in new]
    return found


def order_differs(before: Content, after: Content) -> bool:
    """Whether the questions that both have stand in another order."""
    old, new = [q.key for q in before.questions], [q.key for q in after.questions]
    return [key for key in old if key in new] != [key for key in new if key in old]


def other_texts(before: Content, after: Content) -> dict[str, tuple[str, str]]:
    """Language, closing words and translations of two contents, by what an editor calls them."""
    found = {"Language": (before.language, after.language)}
    for outcome in texts.OUTCOMES:
        pair = getattr(before.closing, outcome), getattr(after.closing, outcome)
        found[texts.NAMES[f"closing.{outcome}"]] = pair
    for language in sorted({*before.translations, *after.translations}):
        both = [each.translations.get(language, {}) for each in (before, after)]
        addresses = [address for address in {**both[0], **both[1]} if both[0].get(address) != both[1].get(address)]
        one, other = (" · ".join(filter(None, map(each.get, addresses))) for each in both)
        found[f"Translation: {language}"] = (one, other)
    return found


def recorded(before: Content, after: Content) -> tuple[JsonObject, JsonObject]:
    """What differs between two contents, before and after, for an event: members of questions by their key."""
    old = {question.key: question.stored() for question in before.questions}
    new = {question.key: question.stored() for question in after.questions}
    was: JsonObject = {}
    became: JsonObject = {}
    for key in [*old, *(key for key in new if key not in old)]:
        one, other = old.get(key, {}), new.get(key, {})
        names = [name for name in (*one, *(n for n in other if n not in one)) if one.get(name) != other.get(name)]
        if names:
            was[key], became[key] = ({name: side.get(name) for name in names} for side in (one, other))
    if before.introduction != after.introduction:
        was["(introduction)"], became["(introduction)"] = before.introduction, after.introduction
    for name in ("language", "closing", "translations"):
        one, other = before.texts().get(name, ""), after.texts().get(name, "")
        if one != other:
            was[f"({name})"], became[f"({name})"] = one, other
    if order_differs(before, after):
        was["(order)"], became["(order)"] = list(old), list(new)
    return was, became


def _kind(member: str, kind: Kind, before: Question, after: Question) -> Kind:
    if member == "options":
        gone = {option.value for option in before.options} - {option.value for option in after.options}
        kept = {option.value: option.label for option in after.options}
        renamed = any(kept.get(option.value, option.label) != option.label for option in before.options)
        return Kind.MISFIT if gone else Kind.MEANING if renamed else Kind.HARMLESS
    if member == "bounds":
        return Kind.MISFIT if _tighter(before.bounds, after.bounds) else Kind.HARMLESS
    return kind


def _tighter(before: Bounds, after: Bounds) -> bool:
    lowest = (before.at_least, after.at_least), _negative(before.days_before, after.days_before)
    highest = (
        (before.at_most, after.at_most),
        (before.days_after, after.days_after),
        (before.files, after.files),
        (before.megabytes, after.megabytes),
    )
    return (
        any(new is not None and (old is None or new > old) for old, new in lowest)
        or any(new is not None and (old is None or new < old) for old, new in highest)
        or (after.whole and not before.whole)
        or (after.step is not None and after.step != before.step)
        or (after.only is not None and after.only != before.only)
    )


def _negative(*days: int | None) -> tuple[float | None, float | None]:
    first, second = (None if day is None else -day for day in days)
    return first, second


_PROTECTED_WORDS = """
age ages birthday born child children kid kids minors family families household people persons occupants pregnant
pregnancy baby married marital spouse husband wife religion religious church faith race racial ethnic ethnicity
nationality nationalities citizen citizenship immigration immigrant visa disability disabled wheelchair handicap sex
gender orientation veteran welfare voucher edad hijos ninos menores familia personas embarazada religion raza
nacionalidad ciudadania discapacidad sexo enfants famille personnes foyer enceinte age religion nationalite
citoyennete handicap sexe عمر أعمار عمرك مواليد طفل أطفال أطفالك ولد أولاد أولادك عائلة عائلتك أسرة أسرتك أشخاص
شخص أفراد فرد حامل حمل متزوج متزوجة زوج زوجة زواج دين دينك ديانة عرق جنس جنسية جنسيتك مواطن مواطنة هجرة تأشيرة
إعاقة معاق معاقة
"""
_PROTECTED = frozenset(normalization.split(normalization.fold(_PROTECTED_WORDS)))


def touches_protected(question: Question) -> bool:
    """Whether a criterion may touch a matter that fair-housing laws protect: somebody should ask a lawyer."""
    if not question.criterion and question.expects is None:
        return False
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", question.key)
    words = normalization.split(normalization.fold(f"{question.label} {question.criterion} {spaced}"))
    return not _PROTECTED.isdisjoint([*words, *(word.removeprefix("ال") for word in words)])
