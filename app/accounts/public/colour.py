"""The sheets of the colours of organizations.

A sheet depends on the colour alone, and its address has the colour, so that a browser may keep it for ever.
"""

from flask import Blueprint, Response, request
from sqlalchemy import select

from app.accounts.access import public
from app.accounts.models import Organization
from app.kernel.crypto import sha256
from app.kernel.db.transaction import reading
from app.kernel.errors import NotFound
from app.kernel.hosts import SHEETS
from app.kernel.text import colours

public_pages = Blueprint("brand", __name__, url_prefix=SHEETS)


@public_pages.get("/<slug>.css")
@public
def sheet(slug: str) -> Response:
    """The colour of an organization in both themes. One without a colour answers like one that does not exist."""
    colour = reading().execute(select(Organization.colour).where(Organization.slug == slug)).scalar_one_or_none()
    if not colour:
        raise NotFound("There is nothing at this address.")
    body = f":root{{--brand:light-dark({colour},{colours.dark_tone(colour)})}}\n"
    answer = Response(body, mimetype="text/css")
    current = request.args.get("v") == colour[1:]
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if current else "no-cache"
    answer.set_etag(sha256(body)[:12])
    answer.make_conditional(request)
    return answer
