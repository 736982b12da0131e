"""The documented APIs, for integrators: an OpenAPI document a product, and the same as a page to read."""

from typing import Any

from flask import Blueprint, Response, current_app, render_template

from app.accounts.access import public
from app.kernel.api import openapi
from app.kernel.api.routing import Product
from app.kernel.errors import NotFound

pages = Blueprint("reference", __name__)


def _product(name: str) -> Product:
    products: list[Product] = current_app.extensions["products"]
    for product in products:
        if product.name == name:
            return product
    raise NotFound("There is no API of that name. There are depositions, prescreens and inspections.")


@pages.get("/api/openapi/<name>.json")
@public
def document(name: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of one product."""
    return openapi.document(_product(name), current_app.extensions["config"])


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
    names = [one.name for one in current_app.extensions["products"]]
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
