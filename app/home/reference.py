"""The documented APIs, for integrators: an OpenAPI document a product, and the same as a page to read."""

from flask import Blueprint, Response, current_app, render_template, url_for

from app.accounts.access import public
from app.dashboard import redirects
from app.desks import DESKS
from app.kernel.api import openapi
from app.kernel.api.routing import Product
from app.kernel.errors import NotFound
from app.kernel.json_types import JsonObject

pages = Blueprint("reference", __name__)


def _product(name: str) -> Product:
    for desk in DESKS:
        if desk.name == name:
            return desk.product
    names = [desk.name for desk in DESKS]
    raise NotFound(f"There is no API of that name. There are {', '.join(names[:-1])} and {names[-1]}.")


@pages.get("/api/openapi/<name>.json")
@public
def document(name: str) -> JsonObject:
    """The OpenAPI 3.1 document of one product."""
    return openapi.document(_product(name), current_app.extensions["config"])


@pages.get("/api/docs/<name>")
@public
def moved(name: str) -> Response:
    """An address that earlier documents printed."""
    return redirects.moved(url_for(".read", name=name))


@pages.get("/docs/api/<name>")
@public
def read(name: str) -> Response:
    """The document as a page."""
    product = _product(name)
    shown = openapi.document(product, current_app.extensions["config"])
    operations = [
        {**operation, "method": method.upper(), "path": path}
        for path, methods in shown["paths"].items()
        for method, operation in methods.items()
    ]
    names = [desk.name for desk in DESKS]
    return Response(
        render_template(
            "home/reference.html",
            product=product,
            document=shown,
            operations=operations,
            names=names,
            fields=openapi.fields,
            parameter=openapi.parameter,
        )
    )
