"""Pages for people without an account: every refusal names the organization, in its language, and needs no cookie."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from app.accounts.access import PUBLIC
from app.accounts.models import Organization
from app.kernel.api.rate_limits import Limiter
from app.kernel.db.engine import Database
from app.kernel.locales import TRANSLATIONS
from app.prescreens import links
from tests.cast import Cast
from tests.depositions import factories as depositions
from tests.inspections.conftest import Integrator
from tests.prescreens import factories as prescreens
from tests.project.test_access import ONE_DATABASE, address

FOR_OTHERS = {
    "accounts_public": "staff who sign in",
    "brand": "browsers, which need the colour of a page",
    "deliveries": "staff who follow an old address",
    "mail": "developers",
    "managers_public": "calendar programs of managers",
    "reference": "integrators",
    "health": "an operator's machines",
}
"""Blueprints with public pages that are not for visitors, and whom they are for."""
UNKNOWN = {
    "prescreens_public": "/p/",
    "inspections_public": "/join/",
    "inspections_verify": "/verify/",
    "depositions_public": "/sessions/",
    "depositions_answers": "/sessions/",
    "depositions_hours": "/sessions/",
}
LANGUAGES = {"en": "ltr", "es": "ltr", "fr": "ltr", "ar": "rtl"}


def test_every_public_page_is_for_visitors_or_for_others(app: Flask) -> None:
    public = {name.partition(".")[0] for name, view in app.view_functions.items() if _is_public(view)}
    assert public == FOR_OTHERS.keys() | UNKNOWN.keys(), "Say whom its pages are for; visitors get VisitorPages."
    for rule in app.url_map.iter_rules():
        blueprint = rule.endpoint.partition(".")[0]
        if blueprint in UNKNOWN:
            assert rule.rule.startswith(UNKNOWN[blueprint])
    firsts = {f"/{first}/" for first in app.extensions["visitor_pages"]}
    assert firsts == set(UNKNOWN.values())


def _is_public(view: object) -> bool:
    return getattr(view, "allowed", None) == PUBLIC


def _visitor_addresses(app: Flask) -> list[str]:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.partition(".")[0] in UNKNOWN]
    unknown = ["/p", "/p/nobody", "/p/a/b/c/d/e", "/join", "/join/x/y/z", "/sessions", "/sessions/a/b", "/p/%00/x"]
    # The service worker is a script, the same beside every link; /verify/ is a form for everybody, without a link.
    apart = ("inspections_public.worker", "inspections_verify.check")
    return [address(app, rule) for rule in rules if rule.endpoint not in apart] + unknown


def _refused(app: Flask, client: FlaskClient, path: str, **headers: str) -> Iterator[TestResponse]:
    """A response of every kind of refusal that this address can give."""
    yield client.post(path, headers=headers)
    yield client.put(path, headers=headers)
    yield client.delete(path, headers=headers)
    yield client.post(path, data={"answer": "x" * (3 * 1024 * 1024)}, headers=headers)
    yield client.post(path, data={}, headers={**headers, "Sec-Fetch-Site": "cross-site"})
    yield client.get(path, headers=headers)
    with app.test_request_context(path):
        endpoint = request.endpoint
    if endpoint is None:
        return
    view = app.view_functions[endpoint]
    failures = (ZeroDivisionError("secret"), OperationalError("SELECT secret", {}, Exception("secret")))
    for failure in failures:

        def fail(*_: object, failure: Exception = failure, **__: object) -> None:
            raise failure

        fail.allowed = PUBLIC  # type: ignore[attr-defined]
        app.view_functions[endpoint] = fail
        try:
            response = client.get(path, headers=headers)
        finally:
            app.view_functions[endpoint] = view
        assert response.status_code >= 500
        assert "secret" not in response.text
        yield response


@ONE_DATABASE
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unreadable_link_is_refused_in_the_browsers_language(app: Flask, language: str) -> None:
    client, seen = app.test_client(), set()
    app.extensions["limiter"] = Limiter(app.extensions["config"])
    for path in _visitor_addresses(app):
        for response in _refused(app, client, path, **{"Accept-Language": f"{language}-XX,{language};q=0.9,de;q=0.5"}):
            if response.status_code == 303:
                continue
            assert response.status_code >= 400, path
            seen.add(response.status_code)
            _is_in(response, language)
            assert "Session Desk" not in response.text, path
    assert seen >= {403, 404, 405, 413, 500, 503}


def _is_in(response: TestResponse, language: str) -> None:
    assert f'<html lang="{language}" dir="{LANGUAGES[language]}">' in response.text, response.request.path
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert "Set-Cookie" not in response.headers
    if language != "en":
        english = TRANSLATIONS.translator("en")
        for status in (400, 403, 404, 405, 413, 500, 503):
            assert english(f"refused_title_{status}") not in response.text


@pytest.fixture
def known(database: Database, cast: Cast, app: Flask) -> list[str]:
    """Addresses that belong to Marston & Vale, one of each desk, in Arabic; and one whose secret is unreadable."""
    with database.write() as db:
        db.execute(update(Organization).where(Organization.slug == "marston").values(locale="ar"))
    integrator = Integrator(app, cast, "marston")
    invite = integrator.invite(integrator.create(locale="ar"))
    chat = links.token(database.config, links.CHAT, prescreens.prescreen(database, cast.marston.id, "active"))
    slug = depositions.in_state(database, cast, "scheduled").slug
    return [
        "/p/marston/two-bedroom",
        f"/p/marston/two-bedroom/chat/{chat}",
        f"/p/marston/two-bedroom/chat/{chat}x",
        "/p/marston/no-such-questionnaire",
        f"/join/{invite['session']}/",
        f"/join/{invite['session']}/room",
        f"/sessions/{slug}",
        f"/sessions/{slug}/join",
    ]


def test_a_refusal_names_the_organization_in_its_language(app: Flask, known: list[str]) -> None:
    client = app.test_client()
    app.extensions["limiter"] = Limiter(app.extensions["config"])
    for path in known:
        for response in _refused(app, client, path, **{"Accept-Language": "de"}):
            if response.status_code >= 400:
                _is_in(response, "ar")
                assert "<bdi>Marston &amp; Vale</bdi>" in response.text, path
                assert "Session Desk" not in response.text, path


def test_too_many_starts_are_refused_in_words(app: Flask, known: list[str]) -> None:
    client = app.test_client()
    page = client.get(known[0])
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token
    for _ in range(21):
        response = client.post(f"{known[0]}/start", data={"csrf_token": token[1]})
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    _is_in(response, "ar")
    assert TRANSLATIONS.translator("ar")("refused_title_429") in response.text


def test_what_was_typed_is_still_there(client: FlaskClient, known: list[str]) -> None:
    typed = {"answer": "Typed for ten minutes <b>", "step": "fullName", "csrf_token": "old"}
    response = client.post(f"{known[1]}/answer", data=typed)
    assert response.status_code == 403
    assert "Typed for ten minutes &lt;b&gt;" in response.text
    form = response.text.partition("<form")[2]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    assert fields["step"] == "fullName"
    again = client.post(f"{known[1]}/answer", data={**fields, "answer": typed["answer"]})
    assert again.status_code == 303, "the button sends it once more, with a token that is good"


def test_a_phone_of_some_years_ago_can_answer(client: FlaskClient, known: list[str]) -> None:
    """It sends `Origin: null` with our forms, because our pages send no Referer, and knows no Sec-Fetch-Site."""
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(known[1]).text)
    assert token
    answer = {"step": "moveInDate", "answer": "2030-04-01", "csrf_token": token[1]}
    assert client.post(f"{known[1]}/answer", data=answer, headers={"Origin": "null"}).status_code == 303
    del answer["csrf_token"]
    assert client.post(f"{known[1]}/answer", data=answer, headers={"Origin": "null"}).status_code == 403


def test_a_form_token_is_good_for_its_link_alone(client: FlaskClient, known: list[str]) -> None:
    other = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(known[0]).text)
    assert other
    answer = {"step": "fullName", "answer": "Jane", "csrf_token": other[1]}
    assert client.post(f"{known[1]}/answer", data=answer).status_code == 403


@pytest.mark.parametrize(
    ("form", "page"),
    [
        ("/p/marston/two-bedroom/start", "/p/marston/two-bedroom"),
        ("/p/marston/two-bedroom/chat/x/answer", "/p/marston/two-bedroom/chat/x"),
        ("/p/marston/two-bedroom/chat/x/send_link?step=budget", "/p/marston/two-bedroom/chat/x?step=budget"),
        ("/sign-in/passkey", "/sign-in"),
        ("/sign-in/second/passkey", "/sign-in/second"),
        ("/depositions/1/schedule", "/depositions/1"),
        ("/prescreens/bulk?state=all", "/prescreens?state=all"),
        ("/sign-out", "/"),
    ],
)
@ONE_DATABASE
def test_the_address_of_a_form_leads_to_its_page(client: FlaskClient, cast: Cast, form: str, page: str) -> None:
    cast.sign_in(client, "hugo")
    response = client.get(form)
    assert (response.status_code, response.headers["Location"]) == (303, page)


@ONE_DATABASE
def test_the_api_still_says_which_methods_it_takes(client: FlaskClient, cast: Cast) -> None:
    response = client.get("/api/v1/session_requests/1/cancel", headers=cast.headers("depositions"))
    assert (response.status_code, response.json["code"]) == (405, "method_not_allowed")
    assert "POST" in response.headers["Allow"]
