"""The generated document: valid, and the printed request and answers fit what it says."""

import json

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from tests.depositions.test_printed import from_http, read


@pytest.fixture
def document(client):
    return client.get("/api/openapi/depositions.json").json


def fits(document, schema, value):
    whole = {**schema, "components": document["components"]}
    Draft202012Validator(whole).validate(value)


def operation(document, method, path):
    return document["paths"][path][method]


def answer_of(found, status):
    return found["responses"][status]["content"]["application/json"]["schema"]


def test_it_is_valid_and_complete(document):
    validate(document)
    operations = {
        (method, path) for path, item in document["paths"].items() for method in item if method != "parameters"
    }
    assert operations == {
        ("post", "/api/v1/sessions"),
        ("post", "/api/v1/session_requests"),
        ("get", "/api/v1/session_requests"),
        ("get", "/api/v1/sessions"),
        ("get", "/api/v1/session_requests/{session}"),
        ("patch", "/api/v1/sessions/{session}"),
        ("patch", "/api/v1/sessions/{session}/cancel"),
        ("post", "/api/v1/session_requests/{session}/cancel"),
        ("post", "/api/v1/session_requests/{session}/cancellation_request"),
    }


def test_the_printed_create_fits(document):
    found = operation(document, "post", "/api/v1/sessions")
    fits(
        document, found["requestBody"]["content"]["application/json"]["schema"], json.loads(from_http("create.http")[3])
    )
    fits(document, found["responses"]["201"]["content"]["application/json"]["schema"], read("create-answer.json"))


def test_the_printed_list_and_cancel_fit(document):
    found = operation(document, "get", "/api/v1/session_requests")
    fits(document, answer_of(found, "200"), read("list-answer.json"))
    found = operation(document, "post", "/api/v1/session_requests/{session}/cancel")
    fits(document, answer_of(found, "200"), read("cancel-answer.json"))
