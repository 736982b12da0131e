"""OpenAPI 3.1 documents, generated from the routes and models that validate the calls."""

import re
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from app.config import Config
from app.kernel.api.problem_shapes import Problem
from app.kernel.api.problems import CONTENT_TYPE
from app.kernel.api.routing import IGNORED, Product, Route
from app.kernel.json_types import JsonObject

JSON = "application/json"
RETRY_AFTER = "Retry-After"
HEADERS: JsonObject = {
    name: {"description": description, "required": True, "schema": {"type": "integer"}}
    for name, description in {
        "X-RateLimit-Limit": "How many calls a minute the tighter limit allows.",
        "X-RateLimit-Remaining": "How many of them are left.",
        "X-RateLimit-Reset": "When the oldest call no longer counts, in Unix epoch seconds.",
        RETRY_AFTER: "Seconds to wait.",
    }.items()
}
TEMPLATE = "#/components/schemas/{model}"
PATH_PARAMETER = re.compile(r"<(?:[a-z]+:)?(\w+)>")


def document(product: Product, config: Config) -> JsonObject:
    """The OpenAPI document of one product."""
    problem = product.problem or Problem
    # Where another API answers what has not the form of this one's credentials, its refusal is the common one.
    models: set[type[BaseModel]] = {problem}
    if any(route.otherwise for route in product.routes):
        models.add(Problem)
    for route in product.routes:
        models |= {model for model in (route.body, route.answer, *route.printed.values()) if model is not None}
    both = [(model, mode) for model in models for mode in _modes(model, product)]
    references, definitions = models_json_schema(both, ref_template=TEMPLATE)
    named = {model: references[model, mode]["$ref"] for model, mode in both}
    paths: dict[str, JsonObject] = {}
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
            "headers": HEADERS,
            "schemas": _without_null_defaults(definitions.get("$defs", {})),
            "securitySchemes": {product.authenticator.scheme_name: product.authenticator.scheme},
        },
    }


def _without_null_defaults(schema: Any) -> Any:  # any JSON value
    """The schema without `default: null`, which is not always a value that the field may have."""
    if isinstance(schema, dict):
        return {
            key: _without_null_defaults(value)
            for key, value in schema.items()
            if not (key == "default" and value is None)
        }
    return [_without_null_defaults(item) for item in schema] if isinstance(schema, list) else schema


def _modes(model: type[BaseModel], product: Product) -> tuple[JsonSchemaMode, ...]:
    return ("validation",) if any(route.body is model for route in product.routes) else ("serialization",)


def _operation(
    product: Product, route: Route, path: str, number: int, named: dict[type[BaseModel], str], problem: type[BaseModel]
) -> JsonObject:
    responses: JsonObject = {str(route.status): {"description": HTTPStatus(route.status).phrase}}
    if route.answer is not None:
        responses[str(route.status)]["content"] = {JSON: {"schema": {"$ref": named[route.answer]}}}
    for status in sorted(_refusals(product, route, path)):
        kind, model = CONTENT_TYPE, problem
        if status in route.printed:
            kind, model = JSON, route.printed[status]
        elif status == 401 and route.otherwise:
            model = Problem
        described = {"description": HTTPStatus(status).phrase, "content": {kind: {"schema": {"$ref": named[model]}}}}
        responses.setdefault(str(status), described)
    if product.names_ignored and route.method in ("POST", "PATCH"):
        responses[str(route.status)]["headers"] = {
            IGNORED: {
                "description": "The members of the body that are not known here, in dotted form, if there are any.",
                "schema": {"type": "string"},
            }
        }
    for name, response in responses.items():
        if limits := _limits(route, name):
            response["headers"] = {**response.get("headers", {}), **limits}
    operation: JsonObject = {
        "operationId": f"{product.name}_{route.name}" + (f"_{number + 1}" if number else ""),
        "summary": route.summary,
        "description": route.description,
        "parameters": _parameters(route, path),
        "responses": responses,
        "security": [{product.authenticator.scheme_name: []}] if route.authenticated else [],
    }
    if route.scope:
        operation["description"] += f"\n\nScope: `{route.scope}`."
    if route.body is not None:
        required = any(field.is_required() for field in route.body.model_fields.values())
        operation["requestBody"] = {
            "required": required,
            "content": {JSON: {"schema": {"$ref": named[route.body]}}},
        }
    return operation


def _limits(route: Route, status: str) -> JsonObject:
    """The headers about limits of a response, which only a call that is not counted lacks."""
    counted = route.limit is not None or (route.authenticated and status != "401")
    if not counted:
        return {}
    names = [name for name in HEADERS if status == "429" or name != RETRY_AFTER]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _refusals(product: Product, route: Route, path: str) -> set[int]:
    found = {*route.refusals, *route.printed}
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


def _parameters(route: Route, path: str) -> list[JsonObject]:
    parameters: list[JsonObject] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in PATH_PARAMETER.findall(path)
    ]
    if route.query is not None:
        schema = route.query.model_json_schema(ref_template=TEMPLATE)
        required = schema.get("required", [])
        for name, field in schema.get("properties", {}).items():
            described = {key: value for key, value in field.items() if key != "title"}
            if field.get("default") is None:
                described.pop("default", None)
            parameter = {"name": name, "in": "query", "required": name in required, "schema": _without_null(described)}
            if "description" in described:
                parameter["description"] = described.pop("description")
            parameters.append(parameter)
    parameters += [
        {"name": name, "in": "header", "required": False, "description": meaning, "schema": {"type": "string"}}
        for name, meaning in route.headers.items()
    ]
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


def _without_null(schema: JsonObject) -> JsonObject:
    """The schema of a query parameter without null: it is absent or text."""
    if "anyOf" not in schema:
        return schema
    variants = [variant for variant in schema["anyOf"] if variant != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**rest, **variants[0]} if len(variants) == 1 else {**rest, "anyOf": variants}


def fields(schema: JsonObject, spec: JsonObject, prefix: str = "", depth: int = 0) -> list[JsonObject]:
    """The members of a schema as rows: dotted name, type, whether required, description."""
    schema = _resolved(schema, spec)
    required = set(schema.get("required", ()))
    rows: list[JsonObject] = []
    for name, raw in schema.get("properties", {}).items():
        field = _resolved(raw, spec)
        dotted = f"{prefix}{name}"
        meaning = raw.get("description") or field.get("description", "")
        kind = _type_name(raw, spec) + _when_left_out(raw)
        rows.append({"name": dotted, "type": kind, "required": name in required, "meaning": meaning})
        inner = _resolved(field.get("items", field), spec)
        if depth < 5 and inner.get("properties"):
            rows += fields(inner, spec, f"{dotted}[]." if "items" in field else f"{dotted}.", depth + 1)
    return rows


def _resolved(schema: JsonObject, spec: JsonObject) -> JsonObject:
    schema = _without_null(schema)
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _resolved(spec["components"]["schemas"][name], spec)
    return schema


def _type_name(raw: JsonObject, spec: JsonObject) -> str:
    nullable = any(variant == {"type": "null"} for variant in raw.get("anyOf", ()))
    schema = _resolved(raw, spec)
    if "enum" in schema:
        name = " or ".join(str(value) for value in schema["enum"])
    elif "const" in schema:
        name = str(schema["const"])
    elif "anyOf" in schema:
        names = [_type_name(variant, spec) for variant in schema["anyOf"] if variant != {"type": "null"}]
        name = " or ".join(dict.fromkeys(names))
    elif schema.get("type") == "array":
        name = f"list of {_type_name(schema.get('items', {}), spec)}"
    else:
        name = str(schema.get("type", "anything"))
    if "maxLength" in schema:
        name += f", at most {schema['maxLength']} characters"
    return f"{name}, or null" if nullable else name


def _when_left_out(raw: JsonObject) -> str:
    """What counts when a member or parameter is left out, where that is more than nothing."""
    default = raw.get("default")
    if default in (None, "") or isinstance(default, list | dict):
        return ""
    return f", {str(default).lower() if isinstance(default, bool) else default} when left out"


def parameter(described: JsonObject, spec: JsonObject) -> JsonObject:
    """A parameter as a row like those of `fields`."""
    place = {"path": "in the path", "query": "in the query", "header": "a header"}[described["in"]]
    return {
        "name": described["name"],
        "type": f"{_type_name(described['schema'], spec)}, {place}{_when_left_out(described['schema'])}",
        "required": described["required"],
        "meaning": described.get("description", ""),
    }
