"""What people type: stripped, storable, and refused in sentences."""

from collections.abc import Iterator

import pytest
from flask import Flask
from wtforms import EmailField, PasswordField, StringField, TextAreaField

from app.kernel.errors import FieldError, Invalid
from app.kernel.web.forms import LONGEST, CodeField, DeskForm, NameField, VersionedForm, at_most, needed


class Sample(VersionedForm):
    name = StringField("Name", [needed("Say who."), at_most(20)])
    password = PasswordField("Password")
    email = EmailField("E-mail")
    code = CodeField("Code")
    person = NameField("Person")
    notes = TextAreaField("Notes", [at_most(20)])


@pytest.fixture
def typed() -> Iterator[object]:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="only for tests", WTF_CSRF_ENABLED=False)

    def fill(form: type[DeskForm] = Sample, **values: str) -> DeskForm:
        with app.test_request_context("/", method="POST", data=values):
            return form()

    with app.app_context():
        yield fill


def found(form: DeskForm, app: Flask | None = None) -> dict[str, list[str]]:
    form.validate()
    return {str(name): list(messages) for name, messages in form.errors.items()}


def test_text_is_stripped_and_passwords_are_not(typed) -> None:
    form = typed(name="  Ana  ", password=" two words ", version="3")
    assert form.name.data == "Ana"
    assert form.password.data == " two words "
    assert form.seen_version == 3


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("", "Say who."),
        ("   ", "Say who."),
        ("x" * 21, "Use at most 20 characters."),
        ("a\x00b", "This has a character in it that cannot be stored. Delete it and type it again."),
    ],
)
def test_refused_in_sentences(typed, value: str, sentence: str) -> None:
    assert found(typed(name=value, version="1"))["name"] == [sentence]


@pytest.mark.parametrize("value", ["\u200b", "\u3164", "\u2800", "\u0301", "\u202e\u00a0", "\ufeff"])
def test_what_nobody_can_see_is_not_filled_in(typed, value: str) -> None:
    assert found(typed(name=value, version="1"))["name"] == ["Say who."]


def test_each_kind_of_field_reads_what_is_typed(typed) -> None:
    form = typed(
        name="Ana",
        version="1",
        email="\u200bana@example.com\ufeff",
        code="١٢–٣ ٤",
        person="\u202eAna\u202c",
        password="\u200b",
    )
    assert (form.email.data, form.code.data, form.person.data) == ("ana@example.com", "1234", "Ana")
    assert form.password.data == "\u200b"


def test_the_limit_counts_characters_as_the_api_does_and_nothing_is_cut(typed) -> None:
    fits = "🦊" * 9 + "\r\n" + "👩\u200d👧"[:2] * 5
    form = typed(name="Ana", version="1", notes=fits)
    assert len(form.notes.data) == 20
    assert "notes" not in found(form)
    form = typed(name="Ana", version="1", notes=fits + "!")
    assert found(form)["notes"] == ["Use at most 20 characters."]
    assert form.notes.data == fits.replace("\r", "") + "!"
    assert "maxlength" not in str(form.notes())


def test_nothing_is_boundless(typed) -> None:
    assert "longer than" in found(typed(name="ok", version="1", password="x" * (LONGEST + 1)))["password"][0]


@pytest.mark.parametrize("version", ("", "x", "-1", "1" * 10, "²"))
def test_a_version_is_a_number(typed, version: str) -> None:
    assert found(typed(name="ok", version=version))["version"] == [
        "Reload the page: this form does not say which version it was made from."
    ]


def test_refusing_names_the_fields(typed) -> None:
    form = typed(version="1")
    form.validate()
    with pytest.raises(Invalid) as refused:
        form.refuse()
    assert refused.value.errors == (FieldError("name", "invalid", "Say who."),)


def test_a_rules_refusal_finds_its_field(typed) -> None:
    form = typed(name="Ana", version="1")
    assert form.validate()
    assert form.take(Invalid("No.", errors=[FieldError("person.name", "taken", "Ana is taken.")]))
    assert form.errors == {"name": ["Ana is taken."]}
    assert not form.take(Invalid("No.", errors=[FieldError("elsewhere", "odd", "Odd.")]))
