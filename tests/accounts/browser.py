"""A person's browser, as far as forms go: reads the form token of a page and sends it along."""

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.cast import PASSWORD

TOKEN = re.compile(r'name="csrf[-_]token"[^>]*(?:content|value)="([^"]+)"')
HTMX = {"HX-Request": "true"}


def token(client: FlaskClient, page: str = "/sign-in") -> str:
    """The form token of a page; any page of the session has it."""
    found = TOKEN.search(client.get(page, follow_redirects=True).text)
    assert found is not None
    return found[1]


def post(client: FlaskClient, url: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
    """Sends a form as its page would."""
    page = more.pop("page", "/settings")
    return client.post(url, data={"csrf_token": token(client, page), **(data or {})}, **more)


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **more: Any) -> TestResponse:
    """Fills in the sign-in form and presses the button."""
    return post(client, "/sign-in", {"email": email, "password": password, **more}, page="/sign-in")
