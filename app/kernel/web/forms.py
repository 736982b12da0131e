"""Forms people type into: shape only, no rules. Text is stripped, NUL is refused, messages are sentences.

`form.check()` is the one way into an action: it returns when everything typed has the right shape, and refuses with
one sentence a field otherwise.
"""

import re
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, PasswordField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional, StopValidation, ValidationError

from app.kernel.errors import FieldError, Invalid

LONGEST = 20_000
"""Characters, for text whose field names no limit of its own."""

NO_VERSION = "Load the page again: this form does not say which version it was made from."
NOT_CHECKED = "Please look at the marked fields. Nothing was saved."


def stripped(value: Any) -> Any:
    """Text without the white space around it; what is only white space is empty."""
    return value.strip() if isinstance(value, str) else value


def plain(_form: FlaskForm, field: Field) -> None:
    """Refuses NUL and lone surrogates, which one database would store and the other not, and boundless text."""
    if not isinstance(field.data, str):
        return
    if "\x00" in field.data:
        raise StopValidation("This has a character in it that cannot be stored. Delete it and type it again.")
    try:
        field.data.encode()
    except UnicodeEncodeError:
        raise StopValidation("This has a broken character in it. Delete it and type it again.") from None
    if len(field.data) > LONGEST:
        raise StopValidation(f"This is longer than {LONGEST:,} characters. Shorten it.")


class Needed:
    """Must be filled in; white space alone is nothing."""

    field_flags = {"required": True}

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence

    def __call__(self, _form: FlaskForm, field: Field) -> None:
        typed = field.raw_data[0] if field.raw_data else None
        if not stripped(typed):
            field.errors = []
            raise StopValidation(self.sentence)


def needed(sentence: str = "Fill this in.") -> Needed:
    """Must be filled in."""
    return Needed(sentence)


def optional() -> Optional:
    """May stay empty; other checks then do not run."""
    return Optional()


def at_most(characters: int) -> Length:
    """No longer than this."""
    return Length(max=characters, message=f"Use at most {characters:,} characters.")


def choices(*pairs: tuple[str, str]) -> list[SelectChoice]:
    """(value, label) pairs as what a SelectField or RadioField offers."""
    return [SelectChoice(value, label) for value, label in pairs]


class DeskForm(FlaskForm):
    """The base of every page form: CSRF, stripped text (passwords stay as typed), sentences."""

    class Meta(FlaskForm.Meta):
        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            if issubclass(unbound_field.field_class, StringField) and unbound_field.field_class is not PasswordField:
                options = {**options, "filters": (stripped, *unbound_field.kwargs.get("filters", ()))}
            return super().bind_field(form, unbound_field, options)

        def render_field(self, field: Field, render_kw: dict[str, Any]) -> Any:
            # Nothing labels a hidden field, and a page may hold several forms: an id would stand twice.
            if isinstance(field, HiddenField):
                render_kw = {"id": False, **render_kw}
            return super().render_field(field, render_kw)

    def validate(self, extra_validators: Any = None) -> bool:
        """The fields' own checks, and for every text that it can be stored."""
        extra = {name: list(validators) for name, validators in (extra_validators or {}).items()}
        for name, field in self._fields.items():
            if isinstance(field, StringField):
                extra.setdefault(name, []).append(plain)
        return bool(super().validate(extra))

    def check(self) -> None:
        """Raises Invalid, one sentence a field, unless what was typed has the right shape."""
        if not self.validate_on_submit():
            self.refuse()

    def refuse(self) -> None:
        """Raises Invalid with what was found wrong."""
        found = [(name, str(message)) for name, messages in self.errors.items() for message in messages]
        raise Invalid(NOT_CHECKED, errors=[FieldError(name or "", "invalid", text) for name, text in found])

    def take(self, refusal: Invalid) -> bool:
        """Puts a refusal's sentences at their fields, for a page shown again. Whether each one found its field."""
        placed = True
        for error in refusal.errors:
            field = self._fields.get(error.field.rpartition(".")[2])
            if field is None:
                placed = False
                continue
            field.errors = [*field.errors, error.detail]
        return placed


class VersionedForm(DeskForm):
    """A form about a row that others may change meanwhile: carries the version its reader saw."""

    version = HiddenField(validators=[Needed(NO_VERSION)])

    def validate_version(self, field: Field) -> None:
        if field.data and (not re.fullmatch(r"[0-9]{1,9}", str(field.data))):
            raise ValidationError(NO_VERSION)

    @property
    def seen_version(self) -> int:
        """The version the reader saw."""
        return int(self.version.data)
