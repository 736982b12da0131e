"""What fails outside of a view (a commit, a function after the view, the end of the request) is answered in words."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from flask import Flask, request
from flask.testing import FlaskClient

from app import logs
from app.accounts import links, queries
from app.kernel.db.engine import Database
from app.log_sink import Sink
from tests import apps
from tests.accounts.browser import HTMX, post, sign_in, token
from tests.cast import PASSWORD, Cast
from tests.failing_commits import failing_commits
from tests.inspections.conftest import printed

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """What is logged, as an operator would read it."""
    stream = io.StringIO()
    sink = Sink(stream)  # type: ignore[arg-type]  # it writes text
    monkeypatch.setattr(logs, "SINK", sink)
    monkeypatch.setattr(logs, "writes_accesses", True)
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(20), logger_factory=lambda *_: sink)

    def read() -> list[dict[str, Any]]:
        assert sink.flush(10)
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    yield read
    structlog.configure(**before)


def new_password_link(database: Database, cast: Cast) -> str:
    with database.read() as db:
        link = links.reset_link(database.config, queries.person(db, cast.lena.id))
    return link.removeprefix(database.config.public_base_url)


def metric(client: FlaskClient, route: str, status: int) -> float:
    wanted = f'desk_requests_total{{method="POST",route="{route}",status="{status}"}} '
    found = [line for line in client.get("/metrics").text.splitlines() if line.startswith(wanted)]
    return float(found[0].rpartition(" ")[2]) if found else 0.0


def test_a_page_says_so_and_the_log_holds_no_secret(
    client: FlaskClient, cast: Cast, database: Database, lines: Lines
) -> None:
    path, route = new_password_link(database, cast), "/password/new/<token>"
    refused, done = metric(client, route, 503), metric(client, route, 303)
    form = {"password": "quite another secret", "csrf_token": token(client)}
    with failing_commits(database):
        answer = client.post(f"{path}?query=also-secret", data=form)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Nothing was saved" in answer.text
    assert "quite another secret" not in answer.text
    written = lines()
    text = json.dumps(written)
    for secret in (path.rpartition("/")[2], "also-secret", "quite another", "secret of the row", "lena@example.com"):
        assert secret not in text
    failed = next(line for line in written if line["event"] == "commit failed")
    assert (failed["route"], failed["method"], failed["level"]) == (route, "POST", "error")
    assert failed["request_id"] == answer.headers["X-Request-Id"]
    access = [line for line in written if line["event"] == "request" and line["route"] == route]
    assert [line["status"] for line in access] == [503]
    assert (metric(client, route, 503), metric(client, route, 303)) == (refused + 1, done)
    assert sign_in(client, "lena@example.com").status_code == 303, "the old password still counts"


def test_the_api_answers_with_a_problem(client: FlaskClient, cast: Cast, database: Database) -> None:
    call: dict[str, Any] = {
        "json": printed("create"),
        "headers": {**cast.headers("inspections"), "Idempotency-Key": "k1"},
    }
    with failing_commits(database):
        answer = client.post("/api/v1/public/sessions", **call)
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert answer.json is not None
    assert answer.json["status"] == 503
    assert answer.json["code"] == "unavailable"
    assert int(answer.headers["Retry-After"]) > 0
    assert "X-RateLimit-Remaining" in answer.headers
    assert client.post("/api/v1/public/sessions", **call).status_code == 201, "the key of the failed call is free"


def test_htmx_gets_a_notice_for_its_slot(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "lena")
    form = {"csrf_token": token(client, "/settings")}
    with failing_commits(database):
        answer = client.post("/settings/sign-ins/end", data=form, headers=HTMX)
        assert answer.status_code in (303, 204), "nothing was written"
        answer = client.post("/sign-out", data=form, headers=HTMX)
    assert answer.status_code == 503
    assert answer.headers["HX-Retarget"] == "#refusal"
    assert "<html" not in answer.text
    assert client.get("/settings").status_code == 200, "the cookie was not given away either"


def test_a_sign_in_that_was_not_saved_leaves_no_cookie(client: FlaskClient, cast: Cast, database: Database) -> None:
    with failing_commits(database):
        answer = post(client, "/sign-in", {"email": "lena@example.com", "password": PASSWORD}, page="/sign-in")
    assert answer.status_code == 503
    assert client.get("/settings").status_code == 303
    assert sign_in(client, "lena@example.com").status_code == 303


STATES = {"53100": "no space left", "25006": "can only be read", "57P01": "does not answer", "40001": "at once"}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("state", [*STATES, "P0001", "23514"])
def test_each_reason_has_its_sentence(client: FlaskClient, cast: Cast, database: Database, state: str) -> None:
    cast.sign_in(client, "lena")
    form = {"csrf_token": token(client, "/settings")}
    with failing_commits(database, state=state):
        answer = client.post("/sign-out", data=form)
    assert answer.status_code == 503
    assert STATES.get(state, "does not answer") in answer.text


def breaking(app: Flask) -> None:
    """Functions around every request that break when a header asks for it."""

    def broken(place: str) -> None:
        if request.headers.get("X-Break") == place:
            raise ZeroDivisionError("a message with /a/secret/path")

    app.before_request(lambda: broken("before"))

    @app.after_request
    def after(response: Any) -> Any:
        broken("after")
        return response

    app.teardown_request(lambda _: broken("teardown"))


@pytest.fixture
def breaking_client(database: Database, cast: Cast) -> FlaskClient:
    """A client of an app with these functions."""
    return apps.reused(database, "breaking", breaking).test_client()


@pytest.mark.parametrize(
    ("place", "status"), [("before", 500), ("after", 500), ("teardown", 200)], ids=["before", "after", "teardown"]
)
@pytest.mark.parametrize("path", ["/sign-in?t=tok_topsecret", "/v1/sessions/tok_topsecret"])
def test_functions_around_a_view_break_alike(
    breaking_client: FlaskClient, lines: Lines, path: str, place: str, status: int
) -> None:
    answer = breaking_client.get(path, headers={"X-Break": place})
    api = path.startswith("/v1")
    assert answer.status_code == (404 if api and status == 200 else status)
    assert answer.mimetype == ("application/problem+json" if api else "text/html")
    assert "secret" not in answer.text
    written = lines()
    assert any(line["event"] in ("crash", "end of the request failed") for line in written)
    assert "secret" not in json.dumps(written)


def test_an_exception_is_described_without_its_message() -> None:
    def inner() -> None:
        int("4111 1111 1111 1111")

    def outer() -> None:
        try:
            inner()
        except ValueError as error:
            raise KeyError("typed text") from error

    with pytest.raises(KeyError) as caught:
        outer()
    found = logs.describe(caught.value)
    assert [line for line in found if not line.startswith(" ")] == ["KeyError", "ValueError"]
    assert any("outer" in line for line in found)
    assert "4111" not in " ".join(found)
    assert "typed" not in " ".join(found)


def test_a_method_that_a_client_made_up_is_not_logged(client: FlaskClient, lines: Lines) -> None:
    client.open("/sign-in", method="TOK_ABCDEF123456")
    (line,) = lines()
    assert (line["event"], line["method"], line["status"]) == ("request", "other", 405)
    assert "ABCDEF" not in json.dumps(line)
