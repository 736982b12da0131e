"""Security headers, request ids and the form of refusals, on every answer."""

import re
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import BadRequest, HTTPException, RequestTimeout, ServiceUnavailable
from werkzeug.routing import Map, Rule
from werkzeug.test import Client

from app import middleware, web_errors
from app.config import Config
from app.kernel.db.engine import Database
from app.logs import redact
from app.web_errors import Application, Number
from tests.accounts.browser import post
from tests.cast import Cast

HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize("path", ["/sign-in", "/nothing", "/api/v1/sessions", "/api/v1/nothing"])
def test_every_answer_carries_the_security_headers(client: FlaskClient, path: str):
    headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy == {
        **dict.fromkeys(("default-src", "base-uri", "frame-ancestors"), "'none'"),
        **dict.fromkeys(("script-src", "style-src", "font-src", "connect-src", "form-action"), "'self'"),
        "img-src": "'self' data:",
    }
    assert {name: headers[name] for name in middleware.HEADERS if name != "Content-Security-Policy"} == {
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex",
    }
    assert headers["X-Request-Id"]
    assert "Strict-Transport-Security" not in headers, "only over https"


def test_what_is_no_document_carries_only_the_header_that_fixes_its_type(client: FlaskClient):
    """Forty files of a first visit with 600 bytes of headers each weighed more than the page."""
    headers = client.get("/static/app.css", base_url="https://localhost").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Strict-Transport-Security"]
    assert "Content-Security-Policy" not in headers
    assert "X-Request-Id" not in headers
    drawing = client.get("/static/icons.svg").headers
    assert drawing["Content-Security-Policy"] == middleware.CONTENT_SECURITY_POLICY, "an SVG can be a document"


def test_over_https_transport_is_strict(client: FlaskClient):
    strict = client.get("/sign-in", base_url="https://localhost").headers["Strict-Transport-Security"]
    assert strict == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "http://localhost.elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": ""}, 403),
    ],
)
def test_forms_of_other_sites_are_refused(client: FlaskClient, headers: dict[str, str], status: int):
    response = client.post("/sign-in", data={"email": "a@example.com"}, headers=headers)
    assert response.status_code == status
    assert "another site" in response.get_data(as_text=True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://desk.example.com", "Host": "inside:8000"},
    ],
)
@pytest.mark.config(public_base_url="https://DESK.example.com:443")
def test_forms_of_our_own_pages_are_taken(client: FlaskClient, headers: dict[str, str]):
    response = client.post("/sign-in", data={"email": "a@example.com"}, headers=headers)
    assert "another site" not in response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("form", "page"),
    [("/settings/sign-ins/5/end", "/settings"), ("/depositions/1/cancel", "/depositions/1"), ("/sign-out", "/")],
)
def test_a_refused_form_leads_back_to_a_page_that_is_there(client: FlaskClient, cast: Cast, form: str, page: str):
    cast.sign_in(client, "ines")
    refused = client.post(form, data={"csrf_token": "no"})
    assert refused.status_code == 403
    assert f'href="{page}"' in refused.text.partition("Back to the page")[0].rpartition("<a ")[2]


def test_a_form_without_its_token_is_refused_and_hands_the_text_back(client: FlaskClient, cast: Cast):
    cast.sign_in(client, "ines")
    typed = {"notice": "Typed for ten minutes <b>", "password": "hunter2", "csrf_token": "no"}
    response = client.post("/depositions/1/write_notice", data=typed)
    page = response.get_data(as_text=True)
    assert response.status_code == 403
    assert "Typed for ten minutes &lt;b&gt;" in page
    assert "hunter2" not in page


def test_a_refusal_calls_fields_as_their_page_does(client: FlaskClient, cast: Cast):
    cast.sign_in(client, "ines")
    wrong = {"current": "", "password": ""}
    page = post(client, "/settings/password", wrong, page="/settings", headers=HTMX).text
    assert "Current password: Type your current password." in page
    assert "New password: Type a password." in page
    page = post(client, "/depositions/bulk", {"act": "tag", "tag": "urgent", "in_list": "7"}).text
    assert re.findall("<dt>([^<]*)</dt>", page.partition("</main>")[0]) == ["Tag"], (
        "what was typed, not what was pressed"
    )


def test_an_unknown_page_is_a_page_with_a_way_on(client: FlaskClient, cast: Cast):
    response = client.get("/nothing")
    assert (response.status_code, response.mimetype) == (404, "text/html")
    assert "There is nothing at this address." in response.text
    assert 'href="/sign-in"' in response.text, "a way on"
    cast.sign_in(client, "ines")
    assert 'href="/sign-in"' not in client.get("/nothing").text


def test_htmx_gets_a_notice_for_its_slot(client: FlaskClient, cast: Cast):
    cast.sign_in(client, "ines")
    response = client.post("/depositions/1/write_notice", headers=HTMX)
    assert response.headers["HX-Retarget"] == "#refusal"
    body = response.get_data(as_text=True)
    assert 'id="refusal"' in body
    assert "<html" not in body


@pytest.mark.parametrize(
    ("path", "mimetype"), [("/sign-in", "text/html"), ("/api/v1/sessions", "application/problem+json")]
)
def test_a_database_that_is_away_is_503_in_words(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch, path: str, mimetype: str
):
    client = app.test_client()
    cast.sign_in(client, "ines")

    def away(*_: object, **__: object) -> None:
        raise OperationalError("SELECT secret_column", {}, Exception("could not connect to 10.0.0.7"))

    monkeypatch.setattr(Database, "open_reader", away)
    headers = cast.headers("prescreens") if path.startswith("/api") else {}
    response = client.get(path if path.startswith("/api") else "/depositions", headers=headers)
    assert (response.status_code, response.mimetype) == (503, mimetype)
    assert int(response.headers["Retry-After"]) > 0
    text = response.get_data(as_text=True)
    assert "does not answer right now" in text
    assert "10.0.0.7" not in text
    assert "secret_column" not in text


def test_a_crash_says_nothing_of_its_cause(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch):
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("/srv/secret/path.py")

    monkeypatch.setattr(Database, "open_reader", crash)
    for path in ("/depositions", "/api/v1/sessions"):
        client = app.test_client()
        cast.sign_in(client, "ines")
        response = client.get(path, headers=cast.headers("prescreens") if path.startswith("/api") else {})
        text = response.get_data(as_text=True)
        assert response.status_code == 500
        assert "secret" not in text
        assert "ZeroDivision" not in text
        assert "Traceback" not in text
        assert response.headers["X-Request-Id"] in text


@pytest.mark.parametrize("path", ["/api/v1/sessions", "/v1/x", "/depositions"])
def test_what_not_even_flask_answers_is_answered_in_the_form_of_its_address(path: str):
    def broken(_environ: object, _start: object) -> list[bytes]:
        raise ZeroDivisionError("/srv/secret/path.py")

    response = Client(web_errors.LastResort(broken)).get(path)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "secret" not in response.get_data(as_text=True)
    if path == "/depositions":
        assert response.mimetype == "text/plain"
    else:
        assert response.content_type == "application/problem+json"
        assert (response.json["status"], response.json["code"]) == (503, "unavailable")
        assert response.json.keys() == {"type", "title", "status", "detail", "code", "request_id"}


def test_a_handler_of_errors_that_breaks_is_answered_in_the_form_of_its_address(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
):
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("/srv/secret/path.py")

    monkeypatch.setattr(Database, "open_reader", crash)
    monkeypatch.setattr(web_errors.problems, "answer", crash)
    response = app.test_client().get("/api/v1/sessions", headers=cast.headers("prescreens"))
    assert (response.status_code, response.content_type) == (503, "application/problem+json")
    assert response.json["request_id"] == response.headers["X-Request-Id"]


def test_forwarded_addresses_are_believed_only_from_trusted_proxies():
    def inner(environ: dict, _start: object) -> list[bytes]:
        return [f"{environ['REMOTE_ADDR']} {environ['wsgi.url_scheme']}".encode()]

    def seen(trusted: str, peer: str, forwarded: str) -> str:
        config = Config.from_env({"TRUSTED_PROXIES": trusted})
        environ = {
            "REMOTE_ADDR": peer,
            "HTTP_X_FORWARDED_FOR": forwarded,
            "HTTP_X_FORWARDED_PROTO": "https",
            "wsgi.url_scheme": "http",
        }
        return b"".join(middleware.TrustedProxies(inner, config)(environ, None)).decode()

    assert seen("10.0.0.0/8", "10.1.1.1", "203.0.113.9") == "203.0.113.9 https"
    assert seen("10.0.0.0/8", "203.0.113.1", "198.51.100.7") == "203.0.113.1 http"
    assert seen("", "10.1.1.1", "203.0.113.9") == "10.1.1.1 http"
    assert seen("10.0.0.0/8", "10.1.1.1", "198.51.100.7, 203.0.113.9") == "203.0.113.9 https"
    assert seen("10.0.0.0/8", "10.1.1.1", "198.51.100.7, 203.0.113.9, 10.2.2.2") == "203.0.113.9 https"
    assert seen("10.0.0.0/8", "10.1.1.1", "garbage") == "10.1.1.1 https"


@pytest.mark.parametrize(
    "line",
    [
        "nb_sec_abcdefghijklmnop",
        "ra_abcdefghijklmnop",
        "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzbHVnIjoieCJ9.c2ln",
        "/join/3f0c/?t=tok_abcdefghij",
        "/p/marston/two-bedroom?lang=fr&k=abcdefghij",
        "/password/new?token=abcdefghij",
        "/sign-in?code=abcdefghij",
        "GET /v1/sessions/3f0c/join/abcdefghijklmnopqrstuvwxyz",
        "password=hunter2hunter2",
        "Cookie: desk=abcdefgh",
        "GET /join/6e0b4b0e-3f2f-4f0f-9d7a-1c1f6a4f8f11/receipt/abcdefgh.aBcDeF.c2lnbmF0dXJlLWhlcmU/thumbnail",
    ],
)
def test_what_looks_like_a_secret_is_not_logged(line: str):
    shown = redact(f"before {line} after")
    assert "[redacted]" in shown
    for secret in ("abcdefgh", "c2ln", "hunter2"):
        assert secret not in shown


@pytest.mark.parametrize("host", ["a" * 300, "1" * 500, "a..b", "é"])
@pytest.mark.parametrize("called", [None, "ines"])
def test_a_host_that_is_no_name_is_refused(client: FlaskClient, cast: Cast, host: str, called: str | None):
    if called:
        cast.sign_in(client, called)
    for method, path in (("GET", "/"), ("POST", "/sign-in"), ("GET", "/api/v1/sessions"), ("GET", "/static/app.css")):
        for headers in ({}, HTMX):
            response = client.open(path, method=method, headers={**headers, "Host": host})
            assert response.status_code < 500, (path, response.status_code)


@pytest.mark.parametrize("url", ["http://[", "http://[::1]:99999999/", "//", "\x7f"])
def test_a_page_that_is_no_address_leads_to_the_sign_in_page(client: FlaskClient, url: str):
    response = client.get("/depositions", headers={**HTMX, "HX-Current-URL": url})
    assert response.status_code < 500
    assert response.headers["HX-Redirect"].startswith("/sign-in")


@pytest.mark.parametrize(
    ("error", "status"), [(RequestTimeout(), 408), (BadRequest(), 400), (ServiceUnavailable(), 503)]
)
def test_a_request_that_did_not_arrive_whole_is_refused_in_words(
    client: FlaskClient, error: HTTPException, status: int
):
    environ = {middleware.BODY_ERROR: error}
    page = client.post("/sign-in", environ_overrides=environ)
    assert page.status_code == status
    assert "Nothing was done." in page.text
    answer = client.post("/api/v1/session_requests", environ_overrides=environ)
    assert answer.status_code == status
    assert answer.json is not None
    assert "Nothing was done." in answer.json["detail"]


UNKNOWN = ("/nothing", "/api/v1/nothing", "/join/nothing", "/p/nothing", "/password/new/nothing", "/invitation/nothing")


def test_only_a_page_with_a_form_sets_a_cookie_for_a_stranger(app: Flask):
    known = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments}
    wrong, forms = [], 0
    for path in sorted({*known, *UNKNOWN, "/static/app.css"}):
        for method in ("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "POST"):
            answer = app.test_client().open(path, method=method)
            form = 'name="csrf' in answer.text
            forms += form
            needs_cookie = form and not path.startswith(("/p/", "/join/", "/sessions/"))
            if ("Set-Cookie" in answer.headers) != needs_cookie or (form and method not in ("GET", "POST")):
                wrong.append(f"{method} {path} answers {answer.status_code}, a form: {form}")
    assert not wrong
    assert forms


@pytest.mark.parametrize("id", ["9" * 30, "1" * 5000, "٣٤"])
def test_a_number_that_no_id_can_be_is_no_address(client: FlaskClient, cast: Cast, id: str):
    """The database took none of them, and the answer was 500; or a page had a second address in other digits."""
    cast.sign_in(client, "hugo")
    numbered = re.compile(r"<int:\w+>")
    rules = [rule for rule in client.application.url_map.iter_rules() if numbered.search(rule.rule)]
    assert len(rules) > 40
    for rule in rules:
        path = re.sub(r"<\w+:\w+>", id, rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert client.open(path, method=method).status_code == 404, f"{method} {rule.rule}"


@pytest.mark.parametrize("name", ["%00", "a%00b"])
def test_a_name_with_a_zero_in_it_is_no_address(client: FlaskClient, name: str):
    """PostgreSQL takes no such text, and two pages of strangers answered 500."""
    named = re.compile(r"<(string:)?\w+>")
    rules = [rule.rule for rule in client.application.url_map.iter_rules() if named.search(rule.rule)]
    assert len(rules) > 20
    for rule in rules:
        path = re.sub(r"<(uuid:\w+)>", str(UUID(int=1)), re.sub(r"<int:\w+>", "1", named.sub(name, rule)))
        assert client.get(path).status_code == 404, rule


def test_the_builder_of_an_address_is_compiled_by_the_first_that_asks(monkeypatch: pytest.MonkeyPatch):
    compiled: list[bool] = []
    original = Rule._compile_builder

    def counted(rule: Rule, append_unknown: bool = True):
        compiled.append(append_unknown)
        return original(rule, append_unknown)

    monkeypatch.setattr(Rule, "_compile_builder", counted)
    app = Application("addresses")
    app.add_url_rule("/rooms/<int:id>/<name>", "room", lambda id, name: name)
    assert not compiled
    with app.test_request_context():
        assert [app.url_for("room", id=id, name="a b", tab="x") for id in (1, 22)] == [
            "/rooms/1/a%20b?tab=x",
            "/rooms/22/a%20b?tab=x",
        ]
    assert compiled == [True]


def test_every_address_is_built_as_werkzeug_builds_it(app: Flask):
    ours, theirs = app.url_map, Map(converters=app.url_map.converters)
    for rule in ours.iter_rules():
        theirs.add(Rule(rule.rule, endpoint=rule.endpoint, methods=rule.methods, defaults=rule.defaults))
    made = ours.bind("localhost"), theirs.bind("localhost")
    numbers = {
        name for rule in ours.iter_rules() for name, each in rule._converters.items() if isinstance(each, Number)
    }
    for rule in ours.iter_rules():
        values = {name: 7 if name in numbers else "a b/é" for name in rule.arguments} | {"tab": "x y"}
        assert made[0].build(rule.endpoint, values) == made[1].build(rule.endpoint, values)
