"""An integrator at the inspections door, a field user at the join endpoint, and threads that all act at once."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.inspections import pages

SESSIONS = "/api/v1/public/sessions"
PRINTED = Path(__file__).with_name("printed")
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"


def printed(name: str) -> dict[str, Any]:
    """A request or answer as the document prints it."""
    return json.loads((PRINTED / f"{name}.json").read_text("utf-8"))


class Integrator:
    """A program of one organization that calls the API."""

    def __init__(self, app: Flask, cast: Cast, organization: str) -> None:
        self.app, self.key = app, cast.key("inspections", organization)
        self.client: FlaskClient = app.test_client()

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.key}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.client.open(path, method=method, json=body, headers=sent)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def create(self, **body: Any) -> dict[str, Any]:
        answer = self.post(SESSIONS, body)
        assert answer.status_code == 201, answer.json
        return answer.json

    def invite(self, session: dict[str, Any], **body: Any) -> dict[str, Any]:
        answer = self.post(f"{SESSIONS}/{session['id']}/participants", body)
        assert answer.status_code == 201, answer.json
        return answer.json

    def session(self, session: dict[str, Any]) -> dict[str, Any]:
        return self.get(f"{SESSIONS}/{session['id']}").json

    def end(self, session: dict[str, Any]) -> Any:
        return self.post(f"{SESSIONS}/{session['id']}/end")


class Field:
    """Somebody with the link: `join(invite, code)` from one address and browser."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def join(
        self,
        invite: dict[str, Any],
        code: str | None = None,
        address: str = "203.0.113.7",
        agent: str = PHONE,
        **more: Any,
    ) -> Any:
        headers = {"User-Agent": agent} | ({} if code is None else {"X-Join-OTP": code})
        path = f"/v1/sessions/{invite['session']}/join/{token_of(invite)}"
        environ = {"REMOTE_ADDR": address}
        return self.app.test_client().get(path, headers=headers, environ_overrides=environ)


def token_of(invite: dict[str, Any]) -> str:
    return parse_qs(urlsplit(invite["join_url"]).query)["t"][0]


def wrong(invite: dict[str, Any], step: int = 1) -> str:
    """A code that is not the right one."""
    return f"{(int(invite['otp_code']) + step) % 1_000_000:06d}"


def at_once(n: int, act: Callable[[int], Any], threads: int = 16) -> Counter:
    """Does `act(0)` … `act(n-1)` from many threads that start together; counts the results."""
    start, results, lock = threading.Barrier(min(n, threads)), Counter(), threading.Lock()
    numbers = iter(range(n))

    def work() -> None:
        start.wait()
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            result = act(number)
            with lock:
                results[result] += 1

    running = [threading.Thread(target=work) for _ in range(min(n, threads))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return results


@pytest.fixture
def integrator(app: Flask, cast: Cast) -> Integrator:
    """A program of Marston & Vale (pro)."""
    return Integrator(app, cast, "marston")


@pytest.fixture
def stranger(app: Flask, cast: Cast) -> Integrator:
    """A program of another organization, Harbor Homes."""
    return Integrator(app, cast, "harbor")


@pytest.fixture
def pilot(app: Flask, cast: Cast) -> Integrator:
    """A program of Fern Mutual, which is on a pilot and prefers French."""
    return Integrator(app, cast, "fern")


@pytest.fixture
def field(app: Flask) -> Field:
    return Field(app)


@pytest.fixture
def otto(client: FlaskClient, cast: Cast) -> FlaskClient:
    """The browser of an operator of Marston & Vale."""
    return cast.sign_in(client, "otto")


@pytest.fixture
def mira(app: Flask, cast: Cast) -> FlaskClient:
    """The browser of another operator of Marston & Vale."""
    return cast.sign_in(app.test_client(), "mira")


@pytest.fixture
def another_browser(app: Flask, cast: Cast) -> Callable[[], FlaskClient]:
    """Opens further browsers of the same operator, for presses at the same time."""
    return lambda: cast.sign_in(app.test_client(), "otto")


@pytest.fixture
def joined(integrator: Integrator, field: Field) -> dict[str, Any]:
    """A session that a field user has joined: it is open, and nobody attends to it yet."""
    session = integrator.create()
    assert field.join(integrator.invite(session)).status_code == 200
    return session


@pytest.fixture
def agreed(joined: dict[str, Any], database: Database) -> dict[str, Any]:
    """A session whose field user allows everything."""
    pages.consent(database, joined)
    return joined


@pytest.fixture
def phone(chromium: Any) -> Iterator[Any]:
    """A page of its own browser context: without a connection it complains, which is what this is about."""
    context = chromium.new_context(viewport={"width": 320, "height": 640})
    yield context.new_page()
    context.close()
