"""Whether a response is one that the OpenAPI document of its API describes."""

from typing import Any

from flask.testing import FlaskClient
from jsonschema import Draft202012Validator


def check(client: FlaskClient, product: str, method: str, template: str, response: Any) -> None:
    """Status, content type and headers are described, and a schema that fits and names every member."""
    document = client.get(f"/api/openapi/{product}.json").get_json()
    described = document["paths"][template][method.lower()]["responses"]
    assert str(response.status_code) in described
    content = described[str(response.status_code)]["content"]
    assert list(content) == [response.content_type]
    headers = described[str(response.status_code)].get("headers", {})
    required = {each for each in headers if document["components"]["headers"].get(each, {}).get("required")}
    assert required <= {header for header, _ in response.headers}
    schema = content[response.content_type]["schema"]
    body = response.get_json()
    Draft202012Validator({**schema, "components": document["components"]}).validate(body)
    known = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]
    assert body.keys() <= known.keys()
