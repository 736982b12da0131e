"""What clients send wrong comes back as sentences that never repeat it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.api.validation import Body, Text, parse_object, read
from app.kernel.errors import Invalid, Refusal


class Thing(Body):
    name: Text(10, min_length=1)
    size: float | None = None
    tags: list[Text(5)] = []


@pytest.mark.parametrize(
    ("data", "field", "code"),
    [
        ({}, "name", "required"),
        ({"name": None}, "name", "required"),
        ({"name": 7}, "name", "type"),
        ({"name": ["x"]}, "name", "type"),
        ({"name": ""}, "name", "required"),
        ({"name": "x" * 11}, "name", "too_long"),
        ({"name": "a\x00b"}, "name", "character"),
        ({"name": "x", "size": "7"}, "size", "type"),
        ({"name": "x", "tags": "x"}, "tags", "type"),
        ({"name": "x", "tags": [1]}, "tags.0", "type"),
    ],
)
def test_a_fault_names_its_field(data: dict, field: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(Thing, {k: v for k, v in data.items() if v is not None})
    assert [(e.field, e.code) for e in caught.value.errors] == [(field, code)]


def test_all_faults_are_listed_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        read(Thing, {"name": 1, "size": "x"})
    assert {e.field for e in caught.value.errors} == {"name", "size"}


def test_the_value_is_never_repeated() -> None:
    with pytest.raises(Invalid) as caught:
        read(Thing, {"name": "hunter2-hunter2", "tags": ["hunter2-hunter2"]})
    details = caught.value.detail + "".join(e.detail for e in caught.value.errors)
    assert "hunter2" not in details


def test_null_means_omitted_and_unknown_members_are_dropped() -> None:
    parsed = parse_object(b'{"name": "x", "size": null, "surprise": {"a": null}}')
    assert parsed == {"name": "x", "surprise": {}}
    assert read(Thing, parsed).model_dump() == {"name": "x", "size": None, "tags": []}


def test_an_empty_body_is_an_empty_object() -> None:
    assert parse_object(b"") == {}


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"\t",
        b"[]",
        b"7",
        b'"x"',
        b"null",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": "\\ud800"}',
        b'{"a": "\xff"}',
        '{"a": 1}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    ],
    ids=range(13),
)
def test_what_cannot_be_read_is_refused_in_words(raw: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        parse_object(raw)
    assert (caught.value.status, caught.value.code) == (400, "malformed_json")


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    try:
        read_back = parse_object(raw)
    except Refusal as caught:
        refusal = caught
    else:
        assert isinstance(read_back, dict)
        return
    assert refusal.status == 400


@given(st.text(max_size=10))
def test_accepted_text_is_kept_exactly(text: str) -> None:
    try:
        assert read(Thing, {"name": text}).name == text
    except Invalid:
        assert text == "" or "\x00" in text or any(0xD800 <= ord(c) <= 0xDFFF for c in text)
