"""OpenAPI 3.1 documents, made from the same routes and models that validate: they cannot disagree."""

import re
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.config import Config
from app.kernel.api.routing import Product, Route

TEMPLATE = "#/components/schemas/{model}"
PATH_PARAMETER = re.compile(r"<(?:[a-z]+:)?(\w+)>")


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str
    code: str
    detail: str


class Problem(BaseModel):
    """The problem document (RFC 9457). `code` is stable; `detail` is a sentence for a person."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldProblem] | None = None


def document(product: Product, config: Config) -> dict[str, Any]:
    """The OpenAPI document of one product."""
    problem = product.problem or Problem
    models = {problem}
    for route in product.routes:
        models |= {model for model in (route.body, route.answer) if model is not None}
    both = [(model, mode) for model in models for mode in _modes(model, product)]
    references, definitions = models_json_schema(both, ref_template=TEMPLATE)
    named = {model: references[model, mode]["$ref"] for model, mode in both}
    paths: dict[str, dict[str, Any]] = {}
    for route in product.routes:
        for number, path in enumerate(route.paths):
            item = paths.setdefault(PATH_PARAMETER.sub(r"{\1}", path), {})
            item[route.method.lower()] = _operation(product, route, path, number, named, problem)
    return {
        "openapi": "3.1.0",
        "info": {"title": product.title, "version": "1", "description": product.description},
        "servers": [{"url": config.public_base_url}],
        "paths": paths,
        "components": {
            "schemas": _without_null_defaults(definitions.get("$defs", {})),
            "securitySchemes": {product.authenticator.scheme_name: product.authenticator.scheme},
        },
    }


def _without_null_defaults(schema: Any) -> Any:
    """Absent is said by not being required; a null default is not always a value that the field may have."""
    if isinstance(schema, dict):
        return {k: _without_null_defaults(v) for k, v in schema.items() if not (k == "default" and v is None)}
    return [_without_null_defaults(one) for one in schema] if isinstance(schema, list) else schema


def _modes(model: type[BaseModel], product: Product) -> tuple[Any, ...]:
    return ("validation",) if any(route.body is model for route in product.routes) else ("serialization",)


def _operation(
    product: Product, route: Route, path: str, number: int, named: dict[type[BaseModel], str], problem: type[BaseModel]
) -> dict[str, Any]:
    refusal = {"application/problem+json": {"schema": {"$ref": named[problem]}}}
    answers: dict[str, Any] = {str(route.status): {"description": HTTPStatus(route.status).phrase}}
    if route.answer is not None:
        content = {"application/json": {"schema": {"$ref": named[route.answer]}}}
        answers[str(route.status)]["content"] = content
    for status in sorted(_refusals(product, route, path)):
        answers.setdefault(str(status), {"description": HTTPStatus(status).phrase, "content": refusal})
    operation: dict[str, Any] = {
        "operationId": f"{product.name}_{route.name}" + (f"_{number + 1}" if number else ""),
        "summary": route.summary,
        "description": route.description,
        "parameters": _parameters(route, path),
        "responses": answers,
        "security": [{product.authenticator.scheme_name: []}] if route.authenticated else [],
    }
    if route.scope:
        operation["description"] += f"\n\nScope: `{route.scope}`."
    if route.body is not None:
        required = any(field.is_required() for field in route.body.model_fields.values())
        operation["requestBody"] = {
            "required": required,
            "content": {"application/json": {"schema": {"$ref": named[route.body]}}},
        }
    return operation


def _refusals(product: Product, route: Route, path: str) -> set[int]:
    found = set(route.refusals)
    if route.authenticated:
        found |= {401, 429}
    if route.limit is not None:
        found.add(429)
    if route.scope is not None or route.allowed is not None:
        found.add(403)
    if "<" in path:
        found.add(404)
    if route.query is not None:
        found.add(product.invalid_status)
    if route.method in ("POST", "PATCH"):
        found |= {400, 413, 415, product.malformed_status}
        if route.body is not None:
            found.add(product.invalid_status)
        if route.idempotent:
            found.add(409)
    return found


def _parameters(route: Route, path: str) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in PATH_PARAMETER.findall(path)
    ]
    if route.query is not None:
        schema = route.query.model_json_schema(ref_template=TEMPLATE)
        required = schema.get("required", [])
        for name, field in schema.get("properties", {}).items():
            described = {key: value for key, value in field.items() if key not in ("title", "default")}
            parameter = {"name": name, "in": "query", "required": name in required, "schema": _without_null(described)}
            if "description" in described:
                parameter["description"] = described.pop("description")
            parameters.append(parameter)
    if route.idempotent:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "1 to 255 visible ASCII characters. The first answer is replayed for 24 hours.",
                "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
            }
        )
    return parameters


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query parameter is absent or text, never null."""
    variants = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    if len(variants) == 1:
        return {**{key: value for key, value in schema.items() if key != "anyOf"}, **variants[0]}
    return schema


def fields(schema: dict[str, Any], shown: dict[str, Any], prefix: str = "", depth: int = 0) -> list[dict[str, Any]]:
    """The members of a schema as rows to read: dotted name, type in words, whether required, what it means."""
    schema = _resolved(schema, shown)
    required = set(schema.get("required", ()))
    rows: list[dict[str, Any]] = []
    for name, raw in schema.get("properties", {}).items():
        field = _resolved(raw, shown)
        dotted = f"{prefix}{name}"
        meaning = raw.get("description") or field.get("description", "")
        rows.append({"name": dotted, "type": _words(raw, shown), "required": name in required, "meaning": meaning})
        inner = _resolved(field.get("items", field), shown)
        if depth < 5 and inner.get("properties"):
            rows += fields(inner, shown, f"{dotted}[]." if "items" in field else f"{dotted}.", depth + 1)
    return rows


def _resolved(schema: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
    schema = _without_null(schema)
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _resolved(shown["components"]["schemas"][name], shown)
    return schema


def _words(raw: dict[str, Any], shown: dict[str, Any]) -> str:
    nullable = any(one == {"type": "null"} for one in raw.get("anyOf", ()))
    schema = _resolved(raw, shown)
    if "enum" in schema:
        word = " or ".join(str(value) for value in schema["enum"])
    elif "const" in schema:
        word = str(schema["const"])
    elif "anyOf" in schema:
        kinds = [_words(one, shown) for one in schema["anyOf"] if one != {"type": "null"}]
        word = " or ".join(dict.fromkeys(kinds))
    elif schema.get("type") == "array":
        word = f"list of {_words(schema.get('items', {}), shown)}"
    else:
        word = str(schema.get("type", "anything"))
    if "maxLength" in schema:
        word += f", at most {schema['maxLength']} characters"
    return f"{word}, or null" if nullable else word


def parameter(described: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
    """A parameter as the same kind of row."""
    place = {"path": "in the path", "query": "in the query", "header": "a header"}[described["in"]]
    return {
        "name": described["name"],
        "type": f"{_words(described['schema'], shown)}, {place}",
        "required": described["required"],
        "meaning": described.get("description", ""),
    }
