"""What the pages of this room share: the blueprint, whose rows, and the secrets that are shown once."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, current_app, request, url_for
from sqlalchemy import select

from app.accounts.access import me
from app.accounts.models import Organization
from app.accounts.roles import INSPECTIONS, Role
from app.inspections import actions, emails, presentation, queries, rules
from app.inspections.models import Inspection
from app.inspections.views.filters import here
from app.kernel import clock
from app.kernel.api.routing import as_uuid
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db
from app.kernel.web.htmx import see_other

pages = Blueprint("inspections", __name__, url_prefix="/inspections")

READERS = (Role.OPERATOR, Role.ADMIN, Role.AUDITOR)
SHOWN_ONCE = "shown_once"
SHOWN_SECONDS = 120


def places(db: Db, ids: set[int]) -> dict[int, Any]:
    """Name and zone of these organizations."""
    o = Organization.__table__.c
    rows = db.execute(select(o.id, o.name, o.time_zone, o.locale, o.slug).where(o.id.in_(sorted(ids))))
    return {row.id: row for row in rows}


def progress(row: Any, invite: Any, letters: dict[str, Any], now: datetime) -> presentation.Progress:
    """How far the newest invite of an inspection got."""
    mail = letters.get(emails.link_name(invite)) if invite else None
    return presentation.progress(invite, mail, row.consent_state, rules.status_of(row, now), now)


def found(id: str) -> Inspection:
    """The inspection in the path, if this person may see it. Raises NotFound."""
    return queries.get(db(), as_uuid(id), me().scope(INSPECTIONS).where(Inspection.organization_id))


def held(id: str) -> Inspection:
    """The inspection in the path, if this person may act on it. Raises NotFound, Denied."""
    inspection = found(id)
    me().check(INSPECTIONS, inspection.organization_id)
    return inspection


def back(inspection: Inspection) -> Response:
    """To the page of the inspection, after something was done to it; it still knows the list one came from."""
    return see_other(url_for(".detail", id=inspection.id, **here()))


def once(inspection: Inspection, minted: actions.Minted) -> Response:
    """Back to the page, which shows link and code once: they travel encrypted in a cookie that lives two minutes.

    So they are in no address, no log and no table, and reloading the page neither repeats the act nor shows them again.
    """
    response = back(inspection)
    if minted.join_url or minted.otp_code:
        secrets = {"invite": str(minted.invite.id), "url": minted.join_url, "code": minted.otp_code}
        config = current_app.extensions["config"]
        response.set_cookie(
            SHOWN_ONCE,
            db().vault.encrypt(json.dumps({"person": me().id, "at": clock.now().timestamp(), **secrets})),
            max_age=SHOWN_SECONDS,
            path=url_for(".detail", id=inspection.id),
            secure=config.production,
            httponly=True,
            samesite="Strict",
        )
    return response


def shown_once(inspection: Inspection) -> dict[str, Any]:
    """The secrets of an invite minted a moment ago by this very person; empty otherwise."""
    sealed = request.cookies.get(SHOWN_ONCE, "")
    if not sealed:
        return {}
    try:
        secrets: dict[str, Any] = json.loads(db().vault.decrypt(sealed))
    except ValueError:
        return {}
    fresh = clock.now().timestamp() - secrets.get("at", 0) < SHOWN_SECONDS
    return secrets if fresh and secrets.get("person") == me().id else {}
