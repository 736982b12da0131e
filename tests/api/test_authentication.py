"""Authentication over HTTP: valid credentials pass, all others get the same refusal."""

import base64
import json
from datetime import timedelta

import jwt
import pytest
from flask.testing import FlaskClient

from app.kernel.clock import now
from tests.api.calls import EVERY, READS, SHARED, One, name
from tests.cast import Cast


def call(client: FlaskClient, one: One, headers: dict[str, str]) -> tuple[int, dict]:
    response = client.open(one.path, method=one.method, headers=headers, json=one.body)
    assert response.is_json, response.content_type
    return response.status_code, response.get_json()


@pytest.mark.parametrize("one", EVERY, ids=name)
def test_without_a_credential_every_endpoint_answers_401_and_says_how(client: FlaskClient, cast: Cast, one: One):
    response = client.open(one.path, method=one.method, json=one.body)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.content_type == "application/problem+json"
    assert "X-RateLimit-Limit" not in response.headers


@pytest.mark.parametrize("one", EVERY, ids=name)
def test_a_key_of_another_product_is_a_wrong_key(client: FlaskClient, cast: Cast, one: One):
    here = {one.product, "depositions"} if (one.method, one.path) == ("GET", SHARED) else {one.product}
    for product in {"depositions", "prescreens", "inspections"} - here:
        status, body = call(client, one, cast.headers(product))
        assert (status, body["code"]) == (401, "unauthorized")


@pytest.mark.parametrize("one", [one for one in READS if one.product != "depositions"], ids=name)
def test_all_wrong_credentials_get_the_same_answer(client: FlaskClient, cast: Cast, one: One):
    good = cast.headers(one.product)["Authorization"].removeprefix("Bearer ")
    wrong = [
        "",
        "Bearer",
        "Bearer ",
        f"Basic {good}",
        good,
        f"Bearer {good}x",
        f"Bearer {good[:-1]}",
        "Bearer é",
        "Bearer " + "x" * 20_000,
        *([] if one.path == SHARED else ["Bearer a.b.c"]),
        "Bearer nb_sec_",
        "Bearer ra_",
        "Bearer \t",
    ]
    detail = set()
    for header in wrong:
        status, body = call(client, one, {"Authorization": header.encode("utf-8").decode("latin-1")})
        assert status == 401, header
        body.pop("request_id")
        detail.add(json.dumps(body, sort_keys=True))
    assert len(detail) == 1


def bearer(claims: dict, key: str, algorithm: str = "HS256") -> dict[str, str]:
    return {"Authorization": "Bearer " + jwt.encode(claims, key, algorithm=algorithm)}


@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")
def test_a_bearer_needs_slug_and_exp_and_hs256(client: FlaskClient, cast: Cast):
    key = cast.key("depositions", "marston")
    later = int((now() + timedelta(hours=1)).timestamp())
    url = "/api/v1/session_requests"
    assert client.get(url, headers=bearer({"slug": "marston", "exp": later}, key)).status_code == 200
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    claims = base64.urlsafe_b64encode(json.dumps({"slug": "marston", "exp": later}).encode()).rstrip(b"=").decode()
    for refused in (
        bearer({"slug": "marston"}, key),
        bearer({"exp": later}, key),
        bearer({"slug": "harbor", "exp": later}, key),
        bearer({"slug": "nobody", "exp": later}, key),
        bearer({"slug": "marston", "exp": later}, "another key that is thirty-two bytes long"),
        bearer({"slug": "marston", "exp": later}, key, "HS384"),
        bearer({"slug": "marston", "exp": later}, key, "HS512"),
        bearer({"slug": ["marston"], "exp": later}, key),
        bearer({"slug": "marston\x00", "exp": later}, key),
        {"Authorization": f"Bearer {none}.{claims}."},
    ):
        assert client.get(url, headers=refused).status_code == 401


def test_a_bearer_in_milliseconds_never_opens_anything(client: FlaskClient, cast: Cast):
    """It would outlive its key's owner. The problem document says what is wrong."""
    exp = int((now() + timedelta(hours=1)).timestamp() * 1000)
    headers = bearer({"slug": "marston", "exp": exp}, cast.key("depositions", "marston"))
    for one in (each for each in EVERY if each.product == "depositions"):
        response = client.open(one.path, method=one.method, headers=headers, json=one.body)
        assert (response.status_code, response.content_type) == (401, "application/problem+json")
        assert response.headers["WWW-Authenticate"] == "Bearer"
        problem = response.get_json()
        assert "milliseconds" in problem["detail"]
        assert problem["messages"] == problem["detail"]
        assert str(exp) not in response.get_data(as_text=True)


def test_a_bearer_dies_with_its_exp_but_for_a_little_leeway(client: FlaskClient, cast: Cast):
    url = "/api/v1/session_requests"
    for seconds, status in ((-25, 200), (-35, 401), (-4000, 401)):
        headers = {"Authorization": f"Bearer {cast.bearer('marston', seconds=seconds)}"}
        assert client.get(url, headers=headers).status_code == status


def test_the_public_half_of_an_inspections_key_identifies_nothing(client: FlaskClient, cast: Cast):
    secret = cast.key("inspections", "marston")
    for public in ("nb_pub_x", "nb_pub_whatever-it-says"):
        headers = {"Authorization": f"Bearer {public}:{secret}"}
        assert client.get("/api/v1/public/sessions", headers=headers).status_code == 200


def test_a_missing_scope_is_named(client: FlaskClient, cast: Cast):
    key = cast.key("inspections", "marston", "sessions:read")
    headers = {"Authorization": f"Bearer {key}"}
    assert client.get("/api/v1/public/sessions", headers=headers).status_code == 200
    response = client.post("/api/v1/public/sessions", headers=headers, json={})
    assert response.status_code == 403
    assert response.get_json()["code"] == "permission_denied"
    assert response.get_json()["field_errors"] == {"required_scope": ["sessions:write"]}


def test_the_api_ignores_cookies(client: FlaskClient, cast: Cast):
    cast.sign_in(client, "hugo")
    for one in EVERY:
        assert client.open(one.path, method=one.method, json=one.body).status_code == 401
