"""The form of a new inspection."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request, url_for
from sqlalchemy import select

from app.accounts.access import allow, me
from app.accounts.models import Organization
from app.accounts.roles import INSPECTIONS
from app.inspections import actions, queries
from app.inspections.forms import NewInspectionForm
from app.inspections.models import Campaign
from app.inspections.views.shared import READERS, pages, places
from app.kernel import clock
from app.kernel.api.routing import as_uuid
from app.kernel.db.transaction import db
from app.kernel.errors import FieldError, Invalid
from app.kernel.text import time_zones
from app.kernel.web.forms import choices
from app.kernel.web.htmx import respond, see_other


@pages.get("/new")
@allow(*READERS)
def new() -> Response:
    """The form of a new inspection. Raises Denied for people who only look."""
    return _new_page(_new_form())


@pages.post("/create")
@allow(*READERS)
def create() -> Response:
    """Makes an inspection and goes to its page."""
    form = _new_form()
    form.check()
    organization = _writable()[int(form.organization.data)]
    me().check(INSPECTIONS, organization.id)
    inspection = actions.create(
        db(),
        organization_id=organization.id,
        by=me().actor(),
        now=clock.now(),
        notes=form.notes.data or "",
        scheduled_for=_instant(form.scheduled_for.data, organization.time_zone),
        locale=form.locale.data,
        campaign_id=as_uuid(form.campaign.data) if form.campaign.data else None,
        operator_email=me().email,
        assignee=(me().id, me().name),
    )
    return see_other(url_for(".detail", id=inspection.id))


def _instant(wall: datetime | None, zone: str) -> datetime | None:
    """The instant of a wall time in the organization's zone. Raises Invalid when the clocks skip it."""
    if wall is None:
        return None
    try:
        return time_zones.resolve(wall, ZoneInfo(zone)).instant
    except time_zones.NonexistentTime as gap:
        sentence = f"The clocks skip this time that night. {gap.before:%H:%M} and {gap.after:%H:%M} exist."
    except OverflowError:
        sentence = "This must lie between 1970 and 2199."
    raise Invalid(sentence, errors=[FieldError("scheduled_for", "range", sentence)])


def _writable() -> dict[int, Any]:
    """The organizations this person may act for. Raises Denied when there is none."""
    scope = me().scope(INSPECTIONS, write=True)
    o = Organization.__table__.c
    found = places(db(), set(db().scalars(select(o.id).where(scope.where(o.id)))))
    if not found:
        me().check(INSPECTIONS, 0)
    return found


def _new_form() -> NewInspectionForm:
    places = _writable()
    form = NewInspectionForm()
    form.organization.choices = choices(*((str(place.id), place.name) for place in places.values()))
    if request.method == "GET":
        form.organization.data = str(next(iter(places)))
        form.locale.data = next(iter(places.values())).locale
    where = Campaign.organization_id.in_(sorted(places))
    known = ((str(campaign.id), campaign.name) for campaign in queries.campaigns(db(), where))
    form.campaign.choices = choices(("", "none"), *known)
    return form


def _new_page(form: NewInspectionForm) -> Response:
    places = _writable()
    return respond("inspections/new.html", form=form, zones={str(p.id): p.time_zone for p in places.values()})
