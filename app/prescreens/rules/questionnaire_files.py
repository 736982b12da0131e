"""A questionnaire as a JSON file: what `desk questionnaire` writes and reads, and the form of the ready-made ones.

docs/questionnaires.md describes the form. Unknown members are refused, because a misspelled one would be lost.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from app.kernel.api.validation import InvalidValue, field_errors
from app.kernel.errors import FieldError, Invalid
from app.kernel.json_types import JsonObject
from app.prescreens.rules import texts
from app.prescreens.rules.files import MOST_EVER, MOST_MEGABYTES
from app.prescreens.rules.questionnaires import (
    LENGTHS,
    MOST,
    MOST_CLAUSES,
    MOST_DAYS,
    MOST_OPTIONS,
    MOST_QUESTIONS,
    OPTION_LENGTH,
    Content,
)
from app.prescreens.rules.questions import Question
from app.prescreens.rules.texts import NO_CLOSING, Closing, Translation

FORM = "session-desk/questionnaire/1"
"""The name and version of the form, the member `form` of each file."""
LARGEST = 2_000_000
"""Bytes of a file."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)


def _number(value: Any) -> Any:  # any JSON value
    if isinstance(value, bool) or not isinstance(value, int | float) or not -MOST <= value <= MOST:
        raise InvalidValue(f"This must be a number, {MOST:,} at most.", "type")
    return value


def _storable(text: str) -> str:
    if "\x00" in text:
        raise InvalidValue("This must not contain the character NUL.", "character")
    return text


STORABLE = AfterValidator(_storable)
Number = Annotated[int | float, BeforeValidator(_number)]
Days = Annotated[int, Field(ge=-MOST_DAYS, le=MOST_DAYS)]
Value = bool | Annotated[str, Field(max_length=OPTION_LENGTH)] | Number


class _Option(_Strict):
    value: Annotated[str, Field(max_length=OPTION_LENGTH, min_length=1), STORABLE]
    label: Annotated[str, Field(max_length=OPTION_LENGTH, min_length=1), STORABLE]


class _Bounds(_Strict):
    at_least: Number | None = None
    at_most: Number | None = None
    whole: bool = False
    step: Number | None = None
    days_before: Days | None = None
    days_after: Days | None = None
    files: Annotated[int, Field(ge=1, le=MOST_EVER)] | None = None
    megabytes: Annotated[int, Field(ge=1, le=MOST_MEGABYTES)] | None = None
    only: Literal["pictures", "pdf"] | None = None


class _Clause(_Strict):
    key: Annotated[str, Field(max_length=200, min_length=1), STORABLE]
    one_of: Annotated[list[Value], Field(min_length=1, max_length=MOST_OPTIONS)] | None = None
    at_least: Number | None = None
    answered: Literal[True] | None = None


class _Condition(_Strict):
    all: Annotated[list[_Clause], Field(min_length=1, max_length=MOST_CLAUSES)] | None = None
    any: Annotated[list[_Clause], Field(min_length=1, max_length=MOST_CLAUSES)] | None = None


class _Rule(_Strict):
    at_least: Number | None = None
    at_most: Number | None = None
    one_of: Annotated[list[Value], Field(max_length=MOST_OPTIONS)] | None = None


class _Question(_Strict):
    key: Annotated[str, Field(max_length=200, min_length=1), STORABLE]
    label: Annotated[str, Field(max_length=LENGTHS["label"], min_length=1), STORABLE]
    type: Literal[
        "text", "longtext", "name", "number", "money", "date", "yesno", "choice", "choices", "email", "phone", "file"
    ]
    required: bool = True
    hint: Annotated[str, Field(max_length=LENGTHS["hint"]), STORABLE] = ""
    short: Annotated[str, Field(max_length=LENGTHS["short"]), STORABLE] = ""
    options: Annotated[list[_Option], Field(max_length=MOST_OPTIONS)] | None = None
    currency: Annotated[str, Field(max_length=3), STORABLE] = ""
    bounds: _Bounds | None = None
    criterion: Annotated[str, Field(max_length=LENGTHS["criterion"]), STORABLE] = ""
    expects: _Rule | None = None
    condition: _Condition | None = None
    headline: bool = False
    hidden: bool = False


Text = Annotated[str, Field(max_length=LENGTHS["introduction"]), STORABLE]


class _Closing(_Strict):
    sent: Annotated[str, Field(max_length=LENGTHS["closing"]), STORABLE] = ""
    approved: Annotated[str, Field(max_length=LENGTHS["closing"]), STORABLE] = ""
    denied: Annotated[str, Field(max_length=LENGTHS["closing"]), STORABLE] = ""


class _File(_Strict):
    form: Literal["session-desk/questionnaire/1"]
    name: Annotated[str, Field(max_length=LENGTHS["name"], min_length=1), STORABLE]
    introduction: Annotated[str, Field(max_length=LENGTHS["introduction"]), STORABLE] = ""
    questions: Annotated[list[_Question], Field(max_length=MOST_QUESTIONS)]
    language: Literal["", "ar", "en", "es", "fr"] = ""
    closing: _Closing = _Closing()
    translations: dict[Literal["ar", "en", "es", "fr"], dict[str, Text]] = Field(default_factory=dict)


class QuestionnaireFile(NamedTuple):
    """What a file says."""

    name: str
    content: Content


def parse(text: str | bytes) -> QuestionnaireFile:
    """What a file says. Raises Invalid with the first fault, and all of them by their place."""
    if len(text) > LARGEST:
        raise Invalid(f"A questionnaire has at most {LARGEST:,} bytes. Nothing was read.")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid("This is no JSON file. Nothing was read.", code="questionnaire.not_json") from None
    return read(data)


def read(data: object) -> QuestionnaireFile:
    """The same of a JSON value."""
    try:
        file = _File.model_validate(data)
    except ValidationError as error:
        raise _refused(_faults(error)) from None
    stored = [question.model_dump(exclude_none=True, exclude_unset=True) for question in file.questions]
    for number, question in enumerate(stored):
        condition = question.get("condition")
        if condition is not None and len(condition) != 1:
            raise _refused([FieldError(f"questions.{number}.condition", "invalid", "This has either `all` or `any`.")])
        for clause in [] if condition is None else next(iter(condition.values())):
            if len(clause) != 2:
                sentence = "This has a key and one of `one_of`, `at_least` and `answered`."
                raise _refused([FieldError(f"questions.{number}.condition", "invalid", sentence)])
    content = Content(file.introduction, tuple(Question.read(each) for each in stored), language=file.language)
    closing, known = Closing(**file.closing.model_dump()), _addresses(file, content)
    for language, words in file.translations.items():
        for address in words:
            if address not in known:
                place = f"translations.{language}.{address}"[:200]
                raise _refused([FieldError(place, "unknown", "There is no such text.")])
    translations: dict[str, Translation] = {language: words for language, words in file.translations.items() if words}
    return QuestionnaireFile(file.name, replace(content, closing=closing, translations=translations))


def _addresses(file: _File, content: Content) -> Collection[str]:
    """Every text that may have a translation, also one that is empty."""
    return {*texts.NAMES, *texts.originals(file.name, file.introduction, NO_CLOSING, content.questions)}


def _faults(error: ValidationError) -> list[FieldError]:
    faults = error.errors(include_url=False, include_input=False)
    unknown = {".".join(map(str, fault["loc"])) for fault in faults if fault["type"] == "extra_forbidden"}
    return [
        FieldError(each.field[:200], "unknown", "This member is not known.") if each.field in unknown else each
        for each in field_errors(error)
    ]


def _refused(errors: Sequence[FieldError]) -> Invalid:
    more = "" if len(errors) == 1 else f" {len(errors) - 1} more faults."
    sentence = f"{errors[0].field or 'The file'}: {errors[0].detail}{more} Nothing was changed."
    return Invalid(sentence, code="questionnaire.invalid", errors=errors)


def written(name: str, content: Content) -> JsonObject:
    """The file of a questionnaire; `read` gives the same content."""
    return {"form": FORM, "name": name, **content.stored()}
