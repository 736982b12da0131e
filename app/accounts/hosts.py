"""Organizations as visitor pages name them, and the sheets of their colours.

A sheet depends on the colour alone, and its address has the colour, so that a browser may keep it for ever.
"""

from typing import cast

from flask import Blueprint, Response, request
from sqlalchemy import ColumnElement, select

from app.accounts.access import public
from app.accounts.models import Organization
from app.kernel.crypto import sha256
from app.kernel.db.engine import Db
from app.kernel.db.transaction import reading
from app.kernel.errors import NotFound
from app.kernel.text import colours, normalization
from app.kernel.web.visitors import SHEETS, Host

public_pages = Blueprint("brand", __name__, url_prefix=SHEETS)

_HOST = select(
    Organization.name,
    Organization.locale,
    Organization.slug,
    Organization.colour,
    Organization.public_email,
    Organization.public_phone,
    Organization.hours,
    Organization.country,
    Organization.time_zone,
)


def by_id(db: Db, organization_id: int) -> Host:
    """The organization of a row, which always exists."""
    return cast(Host, _host(db, Organization.id == organization_id))


def by_slug(db: Db, slug: str) -> Host | None:
    """The organization of a public address, if there is one."""
    return _host(db, Organization.slug == slug)


def _host(db: Db, condition: ColumnElement[bool]) -> Host | None:
    row = db.execute(_HOST.where(condition)).one_or_none()
    if row is None:
        return None
    region = row.country or normalization.region_of(row.time_zone)
    return Host(
        name=row.name,
        locale=row.locale,
        slug=row.slug,
        colour=row.colour,
        email=row.public_email,
        phone=row.public_phone,
        phone_key=normalization.telephone_key(row.public_phone, region) if row.public_phone else "",
        hours=row.hours,
        hours_locale=row.locale,
    )


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
