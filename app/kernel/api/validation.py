"""Validation of API input with pydantic models, and the sentences for its faults.

Unknown members are ignored and never stored; an explicit null means omitted; types are strict (no "1" for 1). An
invalid value is never repeated in the response.
"""

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Annotated, Any, ClassVar, TypeVar, get_args
from urllib.parse import quote

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from app.kernel.errors import BadRequest, FieldError, Invalid, Refusal
from app.kernel.json_types import JsonObject


class Body(BaseModel):
    """A JSON object from a client. `WRAPPER` is a member around all others, left out of the names of fields."""

    WRAPPER: ClassVar[str] = ""

    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True, regex_engine="python-re")


class Query(BaseModel):
    """Query parameters. All values are text, so numbers are parsed."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, regex_engine="python-re")


class InvalidValue(ValueError):
    """A field validator's refusal: a sentence and a stable code."""

    def __init__(self, detail: str, code: str = "invalid") -> None:
        super().__init__(detail)
        self.detail, self.code = detail, code


def _storable(text: str) -> str:
    """Refuses NUL, which PostgreSQL cannot store and SQLite can."""
    if "\x00" in text:
        raise InvalidValue("This must not contain the character NUL.", "character")
    return text


def Text(max_length: int, min_length: int = 0) -> Any:  # capital and `Any`: it is used as a type
    """A string type of at most `max_length` Unicode characters that both databases can store."""
    return Annotated[str, StringConstraints(min_length=min_length, max_length=max_length), AfterValidator(_storable)]


def as_whole(value: object) -> object:
    """A number whose fraction is zero as a whole one, which 60.0 is in JSON; everything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Model = TypeVar("Model", bound=BaseModel)

_SENTENCES = {
    "missing": ("required", "This is required."),
    "string_type": ("type", "This must be text."),
    "bool_type": ("type", "This must be true or false."),
    "int_type": ("type", "This must be a whole number."),
    "float_type": ("type", "This must be a number."),
    "list_type": ("type", "This must be a list."),
    "model_type": ("type", "This must be an object."),
    "model_attributes_type": ("type", "This must be an object."),
    "dict_type": ("type", "This must be an object."),
    "int_parsing": ("type", "This must be a whole number."),
    "int_from_float": ("type", "This must be a whole number."),
    "int_parsing_size": ("range", "This number is too large."),
    "float_parsing": ("type", "This must be a number."),
    "finite_number": ("type", "This must be a number."),
    "bool_parsing": ("type", "This must be true or false."),
    "uuid_parsing": ("format", "This must be a UUID."),
    "uuid_type": ("format", "This must be a UUID."),
    "string_pattern_mismatch": ("format", "This does not have the expected form."),
    "string_unicode": ("character", "This must be valid Unicode text."),
}


def _sentence(error: ErrorDetails) -> tuple[str, str]:
    """Code and sentence for one pydantic error."""
    kind, context = error["type"], error.get("ctx") or {}
    if kind == "value_error":
        cause = context.get("error")
        if isinstance(cause, InvalidValue):
            return cause.code, cause.detail
        return "invalid", "This is not valid."
    if kind == "string_too_long":
        return "too_long", f"This may have at most {context['max_length']} characters."
    if kind == "string_too_short":
        at_least = context["min_length"]
        if at_least == 1:
            return "required", "This must not be empty."
        return "too_short", f"This must have at least {at_least} characters."
    if kind == "too_long":
        return "too_many", f"This may have at most {context['max_length']} items."
    if kind == "too_short":
        return "too_few", f"This must have at least {context['min_length']} items."
    if kind in ("literal_error", "enum"):
        return "choice", f"This must be {context['expected']}."
    bounds = {
        "greater_than": ("gt", "more than"),
        "greater_than_equal": ("ge", "at least"),
        "less_than": ("lt", "less than"),
        "less_than_equal": ("le", "at most"),
    }
    if kind in bounds:
        key, relation = bounds[kind]
        return "range", f"This must be {relation} {context[key]}."
    return _SENTENCES.get(kind, ("invalid", "This is not valid."))


def field_errors(error: ValidationError, wrapper: str = "") -> list[FieldError]:
    """Every fault of an input with its dotted path, below the member `wrapper` if there is one."""
    found = []
    for fault in error.errors(include_url=False, include_input=False):
        code, sentence = _sentence(fault)
        location = fault["loc"]
        if wrapper and location[0] == wrapper and len(location) > 1:
            location = location[1:]
        path = ".".join(str(part) for part in location if not str(part).startswith(("function-", "tagged-")))
        found.append(FieldError(path, code, sentence))
    return found


DEEPEST = 100
"""Levels of objects and lists in a body. No document has more than four, and recursion over JSON dies at 500."""


def without_nulls(value: Any, levels: int = DEEPEST) -> Any:  # any JSON value
    """The value without members that are null, at any depth; items of lists stay. Raises ValueError below `levels`."""
    if not isinstance(value, dict | list):
        return value
    if not levels:
        raise ValueError("too deep")
    if isinstance(value, dict):
        return {key: without_nulls(item, levels - 1) for key, item in value.items() if item is not None}
    return [without_nulls(item, levels - 1) for item in value]


def read(model: type[Model], data: object, status: int = 422) -> Model:
    """The validated input. Raises Invalid with every fault and the API's `status`."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        errors = field_errors(error, getattr(model, "WRAPPER", ""))
    raise invalid(errors, status)


MOST_IGNORED = 20
"""How many unknown members an answer names."""
LONGEST_NAME = 60


def ignored_members(model: type[BaseModel] | None, data: JsonObject) -> str:
    """The dotted paths of the members that `model` does not know, as one line for a header; empty when there are none.

    Names are percent-encoded, cut when long, and at most MOST_IGNORED. A wrapper is left out, as in names of faults.
    """
    found: list[str] = []
    for path in _unknown(model, data, ""):
        if len(found) == MOST_IGNORED:
            break
        found.append(path)
    return ", ".join(found)


def _unknown(model: type[BaseModel] | None, data: JsonObject, prefix: str) -> Iterator[str]:
    known = _members(model) if model else {}
    wrapper = getattr(model, "WRAPPER", "")
    for name, value in data.items():
        if name not in known:
            yield prefix + quote(name[:LONGEST_NAME].encode("utf-8", "replace"), safe="~")
        elif (inner := known[name]) is None:
            continue
        elif isinstance(value, dict):
            yield from _unknown(inner, value, "" if name == wrapper else f"{prefix}{name}.")
        elif isinstance(value, list):
            for number, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _unknown(inner, item, f"{prefix}{name}.{number}.")


@lru_cache(maxsize=64)
def _members(model: type[BaseModel]) -> dict[str, type[BaseModel] | None]:
    """The members of a model, each with the model of its object or of the objects in its list."""
    return {name: _model_in(field.annotation) for name, field in model.model_fields.items()}


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def invalid(errors: Iterable[FieldError], status: int = 422) -> Invalid:
    """The refusal of these faults; its detail names the first field."""
    errors = list(errors)
    first = errors[0]
    more = "" if len(errors) == 1 else f" {len(errors) - 1} more below."
    where = f"{first.field}: " if first.field else ""
    return Invalid(f"{where}{first.detail}{more}", errors=errors, status=status)


def parse_object(raw: bytes, status: int = 400) -> JsonObject:
    """The JSON object of a body; an empty body is an empty object. Raises BadRequest `malformed_json`.

    A byte order mark before it is nothing: some writers of UTF-8 begin with one.
    """
    if not raw:
        return {}
    try:
        value = orjson.loads(raw.removeprefix(BOM_UTF8))
    except ValueError:
        raise malformed("The body is not valid JSON in UTF-8.", status) from None
    if not isinstance(value, dict):
        raise malformed("The body must be a JSON object.", status)
    try:
        found: JsonObject = without_nulls(value)
    except ValueError:
        raise malformed(f"The body has more than {DEEPEST} levels of objects and lists.", status) from None
    return found


def malformed(detail: str, status: int) -> Refusal:
    """The refusal of a body that is no JSON object."""
    return BadRequest(f"{detail} Nothing was done.", code="malformed_json", status=status)
