"""Controls are written as the library writes them, in a tenth of the time, but for values that are their texts."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from wtforms import HiddenField, SelectField, StringField
from wtforms.meta import DefaultMeta

from app.kernel.web.forms import DeskForm

GIVEN: tuple[dict[str, Any], ...] = (
    {},
    {"id": "other", "class_": "input", "aria-describedby": 'a"b', "data-limit": 30, "data_x": "<&", "hidden": True},
)


REPEATED = re.compile(r'(<option(?: selected)?) value="([^"]+)">\2</option>')
"""An option whose value is its text: it is the value without being given."""


def kinds(base: type[DeskForm] = DeskForm) -> Iterator[type[DeskForm]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize("typed", [None, "<i>'&\"é"])
def test_every_field_of_every_form(app: Flask, given: dict[str, Any], typed: str | None) -> None:
    compared = 0
    with app.test_request_context("/sign-in"):
        for kind in set(kinds()):
            for field in kind(formdata=None)._fields.values():
                if isinstance(field, HiddenField):
                    continue  # has no id
                if typed and isinstance(field, StringField):
                    field.data = typed
                if typed and isinstance(field, SelectField) and field.choices:
                    field.data = list(field.iter_choices())[-1].value
                try:
                    expected = DefaultMeta.render_field(field.meta, field, given)
                except (TypeError, ValueError):
                    continue  # a list without choices yet
                known = {str(expected), REPEATED.sub(r"\1>\2</option>", str(expected))}
                assert field.meta.render_field(field, given) in known, f"{kind.__name__}.{field.name}"
                compared += 1
    assert compared > 200
