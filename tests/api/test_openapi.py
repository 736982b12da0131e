"""The OpenAPI documents are valid, complete, and true: schemathesis finds nothing against them."""

import re
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api import described
from tests.api.calls import EVERY, NOBODY, UNKNOWN, WRITES, One, name, request_body
from tests.cast import Cast

PARAMETER = re.compile(r"\{\w+\}")
PRODUCTS = ("depositions", "prescreens", "inspections")
EXAMPLES = 20
# Unknown query parameters are ignored, as unknown members are; sending one is no mistake to be refused.
GENERATION = GenerationConfig(allow_extra_parameters=False)
SETTINGS = SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(generation=GENERATION)))
TRUE = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_document_is_valid(client: FlaskClient, product: str):
    shown = client.get(f"/api/openapi/{product}.json").get_json()
    assert shown["openapi"].startswith("3.1")
    validate(shown)


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_page_names_every_operation(client: FlaskClient, product: str):
    shown = client.get(f"/api/openapi/{product}.json").get_json()
    page = client.get(f"/docs/api/{product}").get_data(as_text=True)
    for path, operations in shown["paths"].items():
        for method in operations:
            assert f"{method.upper()} {path}" in page


@pytest.mark.parametrize(
    ("product", "words"),
    [
        ("depositions", ["integer, in the query, 1 when left out", "integer, in the query, 100 when left out"]),
        ("prescreens", ["integer, in the query, 1 when left out", "integer, in the query, 20 when left out"]),
        (
            "inspections",
            [
                "integer, in the query, 25 when left out",
                "<td>boolean, true when left out</td>",
                "<td>integer, 1440 when left out</td>",
                "field or observer or auditor, field when left out",
                "X-Join-OTP",
            ],
        ),
    ],
)
def test_the_page_says_what_counts_when_something_is_left_out(client: FlaskClient, product: str, words: list[str]):
    page = client.get(f"/docs/api/{product}").get_data(as_text=True)
    assert [each for each in words if each not in page] == []


def test_an_unknown_api_is_not_found(client: FlaskClient):
    assert client.get("/api/openapi/nothing.json").status_code == 404
    assert client.get("/docs/api/nothing").status_code == 404


def template(client: FlaskClient, one: One) -> str:
    """The path of an operation as the document writes it."""
    paths = client.get(f"/api/openapi/{one.product}.json").get_json()["paths"]
    return next(path for path in paths if PARAMETER.sub(str(NOBODY), path) == one.path)


@pytest.mark.parametrize("one", EVERY, ids=name)
def test_a_call_without_a_credential_is_refused_as_described(client: FlaskClient, one: One):
    response = client.open(one.path, method=one.method, json=one.body)
    described.check(client, one.product, one.method, template(client, one), response)


@pytest.mark.parametrize("one", UNKNOWN, ids=name)
def test_an_unknown_object_is_refused_as_described(client: FlaskClient, cast: Cast, one: One):
    response = client.open(one.path, method=one.method, json=one.body, headers=cast.headers(one.product))
    described.check(client, one.product, one.method, template(client, one), response)


@pytest.mark.parametrize("one", WRITES, ids=name)
def test_bad_input_is_refused_as_described(client: FlaskClient, cast: Cast, one: One):
    for body in ("{", '{"notes": 5, "session_request": {}}'):
        headers = {**cast.headers(one.product), "Content-Type": "application/json"}
        response = client.post(one.path, data=body, headers=headers)
        described.check(client, one.product, one.method, template(client, one), response)


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_problem_has_the_members_by_which_clients_tell_problems_apart(client: FlaskClient, product: str):
    """And no schema bears the name of a module."""
    shown = client.get(f"/api/openapi/{product}.json").get_json()
    schemas = shown["components"]["schemas"]
    assert not [each for each in schemas if "__" in each]
    problems = {
        content["schema"]["$ref"].rpartition("/")[2]
        for operations in shown["paths"].values()
        for operation in operations.values()
        for response in operation["responses"].values()
        for kind, content in response.get("content", {}).items()
        if kind == "application/problem+json"
    }
    assert problems
    for each in problems:
        assert {"type", "title", "status", "detail", "code", "request_id"} <= set(schemas[each]["required"])


@pytest.mark.parametrize("one", EVERY, ids=name)
def test_the_limits_are_described_and_answered(client: FlaskClient, cast: Cast, one: One):
    """Required headers, so that every generated call below is held to them as well."""
    shown = client.get(f"/api/openapi/{one.product}.json").get_json()
    responses = shown["paths"][template(client, one)][one.method.lower()]["responses"]
    limits = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
    for status, response in responses.items():
        described = response.get("headers", {})
        wanted = set() if status == "401" else limits | ({"Retry-After"} if status == "429" else set())
        assert described.keys() - {"Ignored-Members"} == wanted
        assert all(shown["components"]["headers"][each]["required"] for each in wanted)
    response = client.open(one.path, method=one.method, json=one.body, headers=cast.headers(one.product))
    assert limits <= {header for header, _ in response.headers}


@pytest.mark.parametrize("product", PRODUCTS)
def test_answers_have_no_defaults_of_their_own(client: FlaskClient, product: str):
    """A client fills a default in where a member is absent: an empty `ended_at` for a session that goes on."""
    shown = client.get(f"/api/openapi/{product}.json").get_json()
    asked = {each for each in shown["components"]["schemas"] if each.endswith("Body") or each.startswith("New")}
    found = {
        (each, member): schema["default"]
        for each, one in shown["components"]["schemas"].items()
        if each not in asked
        for member, schema in one.get("properties", {}).items()
        if "default" in schema
    }
    assert found == {}


@pytest.mark.parametrize("product", PRODUCTS)
def test_no_description_is_read_as_code(client: FlaskClient, product: str):
    """Descriptions are Markdown, in which a paragraph that is indented by four spaces is code."""
    shown = client.get(f"/api/openapi/{product}.json").get_json()
    found = [operation["description"] for path in shown["paths"].values() for operation in path.values()]
    found += [schema.get("description", "") for schema in shown["components"]["schemas"].values()]
    assert [each for each in found if "\n    " in each] == []


def test_defaults_of_parameters_are_said(client: FlaskClient):
    """As the printed tables say them."""
    for product, path, wanted in (
        ("depositions", "/api/v1/session_requests", {"page": 1, "items": 100}),
        ("prescreens", "/api/v1/sessions", {"page": 1, "limit": 20}),
        ("inspections", "/api/v1/public/sessions", {"limit": 25}),
    ):
        parameters = client.get(f"/api/openapi/{product}.json").get_json()["paths"][path]["get"]["parameters"]
        assert {each["name"]: each["schema"]["default"] for each in parameters if "default" in each["schema"]} == wanted


def known_ids(client: FlaskClient, cast: Cast, product: str) -> dict[str, list[str]]:
    """Ids that exist, for each path parameter, so that more than 404 is seen."""
    headers = cast.headers(product)
    if product == "depositions":
        made = client.post("/api/v1/sessions", headers=headers, json=request_body()).get_json()
        return {"": [str(made["requests"][0]["id"])]}
    if product == "inspections":
        made = client.post("/api/v1/public/sessions", headers=headers, json={"notes": "Roof"}).get_json()
        return {"": [made["id"]]}
    return {}


Generated = dict[tuple[str, str, str], list[Any]]


@pytest.fixture(scope="session")
def generated() -> Generated:
    """Generated calls by product, mode and operation. Generating them takes far longer than sending them, and as they
    are the same every time, one generation serves known and unknown ids on both databases."""
    return {}


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize("product", PRODUCTS)
def test_schemathesis_finds_nothing(
    app: Flask, client: FlaskClient, cast: Cast, generated: Generated, product: str, mode: Any
):
    schema = schemathesis.openapi.from_wsgi(f"/api/openapi/{product}.json", app, config=SETTINGS)
    headers = cast.headers(product)
    known = known_ids(client, cast, product).get("", [])
    for found in schema.get_all_operations():
        operation = found.ok()
        for known_id in [None, *(known if "{" in operation.path else [])]:
            key = product, mode.value, operation.label
            if key in generated:
                for case in generated[key]:
                    send(app, case, headers, known_id)
            else:
                generated[key] = exercise(app, operation, headers, mode, known_id)


def exercise(app: Flask, operation: Any, headers: dict[str, str], mode: Any, known: str | None) -> list[Any]:
    """Sends generated calls, and returns them."""
    cases: list[Any] = []

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Any) -> None:
        send(app, case, headers, known)
        cases.append(case)

    try:
        run()
    except Unsatisfiable:
        # Everything is right to send to some operations (no parameters but text): there is nothing negative to try.
        assert mode is GenerationMode.NEGATIVE
    return cases


def send(app: Flask, case: Any, headers: dict[str, str], known: str | None) -> None:
    app.extensions["limiter"].reset()
    if known is None:
        case.call_and_validate(headers=headers, checks=TRUE)
        return
    first = next(iter(case.path_parameters))
    generated, case.path_parameters[first] = case.path_parameters[first], known
    case.call_and_validate(headers=headers, checks=[check for check in TRUE if check is not negative_data_rejection])
    case.path_parameters[first] = generated
