"""A person's browser, as far as forms go: reads the form token of a page and sends it along."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.cast import PASSWORD
from tests.pages import csrf as token
from tests.pages import presser

HTMX = {"HX-Request": "true"}


def post(client: FlaskClient, url: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
    """Sends a form as its page would."""
    page = more.pop("page", None)
    return client.post(url, data={"csrf_token": token(client, page), **(data or {})}, **more)


def confirm(client: FlaskClient, url: str) -> TestResponse:
    """Presses a button, and the one of the confirmation that it shows."""
    return presser(client, url, preview=True)()


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **more: Any) -> TestResponse:
    """Fills in the sign-in form and presses the button."""
    return post(client, "/sign-in", {"email": email, "password": password, **more})
