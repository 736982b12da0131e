"""The addresses of messages in earlier versions, `/deliveries…`: permanent redirects, for bookmarks and open pages."""

from flask import Blueprint, Response, redirect, request

from app.accounts.access import public

pages = Blueprint("deliveries", __name__, url_prefix="/deliveries")

VERBS = {"set_aside": "dismiss", "put_back": "restore"}
"""What earlier versions called the verbs at the end of an address."""


@pages.route("", defaults={"rest": ""}, methods=["GET", "POST"])
@pages.route("/<path:rest>", methods=["GET", "POST"])
@public
def moved(rest: str) -> Response:
    """308 keeps method and form. The page it leads to decides who may open it."""
    parts = rest.split("/")
    parts[-1] = VERBS.get(parts[-1], parts[-1])
    query = request.query_string.decode("ascii", "replace")
    target = "/".join([f"{request.script_root}/messages", *filter(None, parts)])
    return redirect(f"{target}?{query}" if query else target, 308)  # type: ignore[return-value]  # Werkzeug's type
