"""401, 429, 403, 404, then what cannot be read, then the replay, then what is invalid."""

import gzip
import json
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from tests.api.calls import EVERY, EVERY_WRITE, NOBODY, READS, REQUEST, UNKNOWN, WRITES, One, name, request_body
from tests.cast import Cast

PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}
PRODUCT = {"depositions": {"messages"}, "prescreens": set(), "inspections": {"field_errors"}}


@pytest.mark.parametrize("one", UNKNOWN, ids=name)
def test_an_unknown_object_is_404_before_its_body_is_looked_at(client: FlaskClient, cast: Cast, one: One):
    headers = cast.headers(one.product)
    for body, kind in ((b"{", "application/json"), (b"x", "text/plain"), (b"", None)):
        response = client.open(one.path, method=one.method, headers=headers, data=body, content_type=kind)
        assert response.status_code == 404
        problem = response.get_json()
        assert problem.keys() >= PROBLEM
        assert problem["code"] == "not_found"


@pytest.mark.parametrize("one", [one for one in EVERY if "/sessions/" in one.path or "requests/" in one.path], ids=name)
@pytest.mark.parametrize("bad", ["x", "0", "-1", "9" * 40, "%00", "%ff", "'", "a" * 300, "é", "1e3", "None"])
def test_a_malformed_id_is_an_unknown_one(client: FlaskClient, cast: Cast, one: One, bad: str):
    parts = one.path.split("/")
    parts[5 if one.product == "inspections" else 4] = bad
    response = client.open("/".join(parts), method=one.method, headers=cast.headers(one.product), json=one.body)
    assert response.status_code == 404
    assert response.is_json


@pytest.mark.parametrize("one", WRITES, ids=name)
def test_what_cannot_be_read(client: FlaskClient, cast: Cast, one: One):
    headers = cast.headers(one.product)
    for raw in (b"{", b"[]", b'{"a": NaN}', b'{"a":' * 3000 + b"1" + b"}" * 3000, b'{"a": "\\ud800"}', b"\xff\xfe{}"):
        response = client.post(one.path, headers=headers, data=raw, content_type="application/json")
        assert (response.status_code, response.get_json()["code"]) == (400, "malformed_json")
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
    ):
        assert client.post(one.path, headers=headers, data=b"a=b", content_type=kind).status_code == 415
    assert (
        client.post(one.path, headers=headers, data=b"{}" + b" " * 262_144, content_type="application/json").status_code
        == 413
    )


@pytest.mark.parametrize("one", WRITES, ids=name)
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "GZIP", "identity, gzip", "x"])
def test_a_body_in_a_content_coding_is_refused_and_says_why(client: FlaskClient, cast: Cast, one: One, coding: str):
    """As every wrong encoding, and not as a body with faults in its JSON."""
    raw = gzip.compress(json.dumps(one.body).encode())
    headers = {**cast.headers(one.product), "Content-Type": "application/json", "Content-Encoding": coding}
    response = client.post(one.path, headers=headers, data=raw)
    assert (response.status_code, response.get_json()["code"]) == (400, "malformed_json")
    assert "Content-Encoding" in response.get_json()["detail"]


@pytest.mark.parametrize("one", WRITES, ids=name)
def test_a_body_in_no_coding_may_say_so(client: FlaskClient, cast: Cast, one: One):
    for coding in ("identity", "Identity", ""):
        headers = {**cast.headers(one.product), "Content-Encoding": coding}
        assert client.post(one.path, headers=headers, json=one.body).status_code == 201


@pytest.mark.parametrize("one", WRITES, ids=name)
def test_a_byte_order_mark_before_the_json_is_nothing(client: FlaskClient, cast: Cast, one: One):
    """.NET's StreamWriter writes one; RFC 8259, 8.1 lets a parser ignore it."""
    raw = b"\xef\xbb\xbf" + json.dumps(one.body).encode()
    headers = {**cast.headers(one.product), "Content-Type": "application/json; charset=utf-8"}
    assert client.post(one.path, headers=headers, data=raw).status_code == 201
    assert client.post(one.path, headers=headers, data=b"\xef\xbb\xbf" + raw).status_code == 400


@pytest.mark.parametrize("one", WRITES, ids=name)
def test_the_largest_body_is_read(client: FlaskClient, cast: Cast, one: One):
    raw = json.dumps(one.body).encode()
    raw += b" " * (262_144 - len(raw))
    response = client.post(one.path, headers=cast.headers(one.product), data=raw, content_type="application/json")
    assert response.status_code == 201


@pytest.mark.parametrize("one", EVERY, ids=name)
def test_every_refusal_is_one_problem_document(client: FlaskClient, cast: Cast, one: One):
    response = client.open(one.path, method=one.method, json=one.body)
    problem = response.get_json()
    assert response.content_type == "application/problem+json"
    assert PROBLEM | PRODUCT[one.product] <= problem.keys()
    assert problem["status"] == response.status_code
    assert problem["detail"].endswith(".")
    assert response.headers["X-Request-Id"] == problem["request_id"]
    if one.product == "depositions":
        assert problem["messages"] == problem["detail"]


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1/nothing", "/v1/x", "/api/v2/sessions"])
def test_unknown_addresses_under_the_api_are_json(client: FlaskClient, cast: Cast, path: str):
    response = client.get(path)
    assert (response.status_code, response.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/session_requests/", "/api/v1/sessions/1/2/3", "/v1/x"])
def test_an_unknown_address_is_refused_in_the_form_of_the_credential(client: FlaskClient, cast: Cast, path: str):
    """It belongs to no API; the client that asks for it reads its own."""
    for product, members in PRODUCT.items():
        problem = client.get(path, headers=cast.headers(product)).get_json()
        assert (problem["status"], problem.keys()) == (404, PROBLEM | members)
    assert client.get(path).get_json().keys() == PROBLEM


@pytest.mark.parametrize("one", READS + WRITES, ids=name)
def test_an_address_put_together_with_a_slash_too_many_is_answered_and_never_redirected(
    client: FlaskClient, cast: Cast, one: One
):
    """`https://host/api/v1/` and `/sessions`: not every program follows a redirect, and some drop their credential."""
    plain = client.open(one.path, method=one.method, headers=cast.headers(one.product), json=one.body)
    for path in (one.path.replace("/v1/", "/v1//"), one.path.replace("/api/", "/api///")):
        response = client.open(path, method=one.method, headers=cast.headers(one.product), json=one.body)
        assert (response.status_code, response.content_type) == (plain.status_code, "application/json")


@pytest.mark.parametrize("one", UNKNOWN, ids=name)
def test_an_address_whose_id_is_empty_is_no_list(client: FlaskClient, cast: Cast, one: One):
    for path in (one.path.replace(str(NOBODY), ""), one.path.rpartition(str(NOBODY))[0] + "/"):
        response = client.open(path, method=one.method, headers=cast.headers(one.product), json=one.body)
        assert response.status_code in (401, 404, 405)
        assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("one", EVERY, ids=name)
def test_a_method_that_is_not_taken(client: FlaskClient, cast: Cast, one: One):
    response = client.delete(one.path, headers=cast.headers(one.product))
    assert (response.status_code, response.get_json()["code"]) == (405, "method_not_allowed")
    assert one.method in response.headers["Allow"]
    assert response.get_json().keys() == PROBLEM | PRODUCT[one.product]


def test_a_method_that_two_apis_do_not_take_is_refused_in_the_form_of_the_credential(client: FlaskClient, cast: Cast):
    for product in ("depositions", "prescreens"):
        problem = client.put("/api/v1/sessions", headers=cast.headers(product)).get_json()
        assert problem.keys() == PROBLEM | PRODUCT[product]
    assert client.put("/api/v1/sessions").get_json().keys() == PROBLEM
    assert client.post("/api/openapi/depositions.json").get_json().keys() == PROBLEM


@pytest.mark.parametrize("one", EVERY, ids=name)
def test_options_says_what_is_taken_and_nothing_of_cors(client: FlaskClient, cast: Cast, one: One):
    response = client.options(one.path, headers={"Origin": "https://elsewhere.example"})
    assert (response.status_code, response.data) == (204, b"")
    assert one.method in response.headers["Allow"]
    assert not any(header.startswith("Access-Control") for header, _ in response.headers)


@pytest.mark.parametrize("one", READS, ids=name)
def test_head_answers_like_get_without_a_body(client: FlaskClient, cast: Cast, one: One):
    response = client.head(one.path, headers=cast.headers(one.product))
    assert (response.status_code, response.data) == (200, b"")


@pytest.mark.parametrize("one", EVERY_WRITE, ids=name)
def test_no_body_needs_no_media_type(client: FlaskClient, cast: Cast, one: One):
    response = client.open(one.path, method=one.method, headers=cast.headers(one.product))
    assert response.status_code in (201, 404, one.invalid)


def test_every_authenticated_response_has_the_limits(client: FlaskClient, cast: Cast):
    for one in EVERY:
        response = client.open(one.path, method=one.method, headers=cast.headers(one.product), json=one.body)
        assert int(response.headers["X-RateLimit-Limit"]) == one.limit, one
        assert 0 <= int(response.headers["X-RateLimit-Remaining"]) < one.limit
        assert int(response.headers["X-RateLimit-Reset"]) > 1_700_000_000


def test_the_sixty_first_call_waits_and_comes_before_scope_and_404(client: FlaskClient, cast: Cast):
    headers = {"Authorization": f"Bearer {cast.key('inspections', 'marston', 'sessions:read')}"}
    for _ in range(60):
        assert client.get("/api/v1/public/sessions", headers=headers).status_code == 200
    for method, path in (
        ("GET", "/api/v1/public/sessions"),
        ("POST", "/api/v1/public/sessions"),
        ("GET", f"/api/v1/public/sessions/{uuid4()}"),
    ):
        response = client.open(path, method=method, headers=headers)
        assert (response.status_code, response.get_json()["code"]) == (429, "rate_limited")
        assert int(response.headers["Retry-After"]) >= 1
        assert response.headers["X-RateLimit-Remaining"] == "0"
    assert client.get("/api/v1/public/sessions", headers=cast.headers("inspections", "harbor")).status_code == 200


def test_unknown_members_and_nulls_change_nothing(client: FlaskClient, cast: Cast):
    body = request_body()
    body["surprise"] = {"nested": [1]}
    body["session_request"]["surprise"] = "x"
    body["session_request"]["postback_url"] = None
    body["session_request"]["session_details"] = None
    response = client.post("/api/v1/session_requests", headers=cast.headers("depositions"), json=body)
    assert response.status_code == 201
    assert "surprise" not in response.get_data(as_text=True)


FILTERS = [
    ("depositions", "/api/v1/session_requests", "start_time", "1705732260", "1738011600", 422),
    ("depositions", "/api/v1/session_requests", "page", "1", "yesterday", 422),
    ("prescreens", "/api/v1/sessions", "status", "completed", "expired", 422),
    ("prescreens", "/api/v1/contacts", "limit", "5", "", 422),
    ("inspections", "/api/v1/public/sessions", "limit", "25", "50", 400),
]


@pytest.mark.parametrize(("product", "path", "parameter", "first", "second", "status"), FILTERS)
def test_a_parameter_that_comes_twice_is_never_half_ignored(
    client: FlaskClient, cast: Cast, product: str, path: str, parameter: str, first: str, second: str, status: int
):
    headers = cast.headers(product)
    response = client.get(f"{path}?{parameter}={first}&{parameter}={second}", headers=headers)
    assert (response.status_code, response.get_json()["code"]) == (status, "invalid")
    assert [(each["field"], each["code"]) for each in response.get_json()["errors"]] == [(parameter, "repeated")]
    same = client.get(f"{path}?{parameter}={first}&{parameter}={first}&other=1&other=2", headers=headers)
    assert same.status_code == 200


def test_a_flag_that_comes_twice_cancels_nothing(client: FlaskClient, cast: Cast):
    headers = cast.headers("depositions")
    made = client.post("/api/v1/sessions", headers=headers, json=REQUEST).get_json()["requests"][0]["id"]
    address = f"/api/v1/session_requests/{made}"
    query = "cancel_without_email=true&cancel_without_email=false"
    assert client.post(f"{address}/cancel?{query}", headers=headers).status_code == 422
    assert client.get(address, headers=headers).get_json()["requests"][0]["session_state"] == "initial"
