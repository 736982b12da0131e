"""Forms of the pages: they check formats, not rules. Text is read by the kind of its field (kernel/text/normalization).

NUL is refused, messages are sentences.

`form.check()` comes before every action: it raises a refusal with one sentence a field unless every format is valid.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from flask import g
from flask_wtf import FlaskForm
from markupsafe import Markup, escape
from wtforms import EmailField, Field, HiddenField, PasswordField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.fields.core import UnboundField
from wtforms.validators import Optional, StopValidation, ValidationError
from wtforms.widgets import Input, Select
from wtforms.widgets.core import clean_key

from app.kernel.errors import FieldError, Invalid
from app.kernel.text import normalization
from app.kernel.web.form_tokens import MaskedToken

Validator = Callable[[FlaskForm, Field], None]

LONGEST = 20_000
"""Most characters of a text field without a limit of its own."""

NO_VERSION = "Reload the page: this form does not say which version it was made from."
NOT_CHECKED = "Please look at these fields. Nothing was saved."


class NameField(StringField):
    """The name of a person or a thing."""


class FigureField(StringField):
    """A day, a time of day or a number, with the digits of any script."""


class CodeField(StringField):
    """A code that is copied from a message or an app."""


READERS: dict[type[StringField], Callable[[str], str]] = {
    EmailField: normalization.email,
    NameField: normalization.name,
    CodeField: normalization.code,
    FigureField: normalization.plain,
    StringField: normalization.text,
}
"""What typed text means in each kind of field; a password is taken as it is."""


def call_fields(labels: Mapping[str, str | None]) -> None:
    """Says how the page calls the fields that were posted. A refusal names them so, one that a rule raises too.

    None is the label of one that nobody types into.
    """
    g.field_labels = {**g.get("field_labels", {}), **labels}


def _filter(read: Callable[[str], str]) -> Callable[[object], object]:
    return lambda value: read(value) if isinstance(value, str) else value


def plain(_form: FlaskForm, field: Field) -> None:
    """Refuses NUL and lone surrogates, which only one database would store, and text over the limit."""
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
    """Validator of a required field; what nobody can see is not enough."""

    field_flags = {"required": True}

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence

    def __call__(self, _form: FlaskForm, field: Field) -> None:
        value = field.raw_data[0] if field.raw_data else None
        if isinstance(value, str) and normalization.is_blank(value):
            value = ""
        if isinstance(field, StringField) and not isinstance(field, PasswordField):
            value = field.data
        if not value:
            field.errors = []
            raise StopValidation(self.sentence)


def needed(sentence: str = "Fill this in.") -> Needed:
    """Makes a field required."""
    return Needed(sentence)


def optional() -> Optional:
    """Makes a field optional: when it is empty, other checks do not run."""
    return Optional()


class AtMost:
    """Validator of the longest text of a field, in characters as the API counts them.

    The page shows the limit and counts (`data-limit`); it never sets `maxlength`, with which browsers count otherwise
    and cut what is pasted without a word.
    """

    def __init__(self, characters: int) -> None:
        self.characters = characters
        self.field_flags = {"limit": characters}

    def __call__(self, _form: FlaskForm, field: Field) -> None:
        length = len(field.data) if isinstance(field.data, str) else 0
        if length > self.characters:
            raise ValidationError(f"Use at most {self.characters:,} characters.")


def at_most(characters: int) -> AtMost:
    """Limits the length of a field."""
    return AtMost(characters)


def choices(*pairs: tuple[str, str]) -> list[SelectChoice]:
    """The choices of a SelectField or RadioField from (value, label) pairs."""
    return [SelectChoice(value, label) for value, label in pairs]


def _control(field: Field, given: dict[str, object]) -> Markup | None:
    """A field for a line of text, or a list to choose from, as the library writes it in ten times as long; None for
    the others."""
    widget, own = field.widget, {clean_key(key): value for key, value in (field.render_kw or {}).items()}
    known = {key: value for key, value in vars(field.flags).items() if key in getattr(widget, "validation_attrs", ())}
    attributes = {"id": field.id, **known, **own, **given, "name": field.name}
    if type(widget) is Select and not (widget.multiple or field.has_groups()):
        options = [
            f"<option{' ' * bool(own)}{_attributes(own)}>{escape(each.label)}</option>"
            for each in field.iter_choices()
            for own in [_own_attributes(each)]
        ]
        return Markup(f"<select {_attributes(attributes)}>{''.join(options)}</select>")
    if isinstance(field, StringField) and isinstance(widget, Input) and field._datalist is None:
        value = "" if getattr(widget, "hide_value", False) else field._value()
        return Markup(f"<input {_attributes({'type': widget.input_type, 'value': value, **attributes})}>")
    return None


def _own_attributes(choice: SelectChoice) -> dict[str, object]:
    """The attributes of an option. Its value is its text where none is given: four hundred time zones, said once."""
    value = {} if str(choice.value) == choice.label == " ".join(choice.label.split()) else {"value": choice.value}
    return {**value, **choice.render_kw, **({"selected": True} if choice.selected else {})}


def _attributes(given: Mapping[str, object]) -> str:
    pairs = sorted(given.items())
    return " ".join(key if value is True else f'{key}="{escape(value)}"' for key, value in pairs if value is not False)


class DeskForm(FlaskForm):
    """The base of every page form: CSRF, text read by its kind (except passwords), sentences."""

    class Meta(FlaskForm.Meta):
        csrf_class = MaskedToken

        def bind_field(self, form: FlaskForm, unbound_field: UnboundField, options: dict[str, object]) -> Field:
            if issubclass(unbound_field.field_class, StringField) and unbound_field.field_class is not PasswordField:
                read = next(read for kind, read in READERS.items() if issubclass(unbound_field.field_class, kind))
                options = {**options, "filters": (_filter(read), *unbound_field.kwargs.get("filters", ()))}
            return super().bind_field(form, unbound_field, options)

        def render_field(self, field: Field, render_kw: dict[str, object]) -> Markup:
            # No label refers to a hidden field, and a page may have several forms: the id would not be unique.
            if isinstance(field, HiddenField):
                if not render_kw and not field.render_kw:
                    # Every form has some; the library's way takes ten times as long.
                    name, value = escape(field.name), escape(field._value())
                    return Markup(f'<input name="{name}" type="hidden" value="{value}">')
                render_kw = {"id": False, **render_kw}
            control = _control(field, {clean_key(key): render_kw[key] for key in render_kw})
            return super().render_field(field, render_kw) if control is None else control

    def validate(self, extra_validators: Mapping[str, Sequence[Validator]] | None = None) -> bool:
        """Runs the fields' own checks, and checks of every text that it can be stored."""
        extra = {name: list(validators) for name, validators in (extra_validators or {}).items()}
        for name, field in self._fields.items():
            if isinstance(field, StringField):
                extra.setdefault(name, []).append(plain)
        return bool(super().validate(extra))

    def check(self) -> None:
        """Raises Invalid, one sentence a field, unless the posted values have the right format."""
        call_fields(
            {name: None if isinstance(each, HiddenField) else each.label.text for name, each in self._fields.items()}
        )
        if not self.validate_on_submit():
            self.refuse()

    def refuse(self) -> None:
        """Raises Invalid with the errors of the form."""
        found = [(name, str(message)) for name, messages in self.errors.items() for message in messages]
        raise Invalid(NOT_CHECKED, errors=[FieldError(name or "", "invalid", text) for name, text in found])

    def take(self, refusal: Invalid) -> bool:
        """Sets the errors of a refusal on their fields, for a page shown again. True when every error has a field."""
        placed = True
        for error in refusal.errors:
            field = self._fields.get(error.field.rpartition(".")[2])
            if field is None:
                placed = False
                continue
            field.errors = [*field.errors, error.detail]
        return placed


class VersionedForm(DeskForm):
    """A form for a row that other users may change: it has the version that the user saw."""

    version = HiddenField(validators=[Needed(NO_VERSION)])

    def validate_version(self, field: Field) -> None:
        if field.data and (not re.fullmatch(r"[0-9]{1,9}", str(field.data))):
            raise ValidationError(NO_VERSION)

    @property
    def seen_version(self) -> int:
        """The version that the user saw."""
        return int(self.version.data)
