"""The form of a new inspection."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Response, request, url_for

from app.accounts.access import allow, me
from app.accounts.models import Organization
from app.accounts.roles import INSPECTIONS
from app.inspections import actions, queries
from app.inspections.forms import NewInspectionForm
from app.inspections.models import Campaign
from app.inspections.queries import OrganizationRow
from app.inspections.rules import SUBJECTS
from app.inspections.views.filters import READERS, pages
from app.kernel import clock
from app.kernel.api.routing import as_uuid
from app.kernel.db.transaction import db
from app.kernel.errors import FieldError, Invalid
from app.kernel.text import time_zones
from app.kernel.web import confirmation_pages
from app.kernel.web.forms import choices
from app.kernel.web.htmx import respond, see_other


@pages.get("/new")
@allow(*READERS)
def new() -> Response:
    """The form of a new inspection. Raises Denied for users who may only read."""
    return _new_page(_new_form())


@pages.post("/new")
@allow(*READERS)
def edit_new() -> Response:
    """The same form as it was typed: what was refused comes back. Changes nothing."""
    return _new_page(_new_form())


@pages.post("/create")
@allow(*READERS)
def create() -> Response:
    """Creates an inspection and leads to its page."""
    confirmation_pages.comes_back_as("new", url_for(".new"))
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
        subjects=form.asked(),
    )
    return see_other(url_for(".detail", id=inspection.id))


def _instant(wall: datetime | None, zone: str) -> datetime | None:
    """The instant of a local time in the organization's zone. Raises Invalid when the clocks skip it."""
    if wall is None:
        return None
    try:
        return time_zones.resolve(wall, ZoneInfo(zone)).instant
    except time_zones.NonexistentTime as gap:
        sentence = f"The clocks skip this time that night. {gap.before:%H:%M} and {gap.after:%H:%M} exist."
    except OverflowError:
        sentence = "This must lie between 1970 and 2199."
    raise Invalid(sentence, errors=[FieldError("scheduled_for", "range", sentence)])


def _writable() -> dict[int, OrganizationRow]:
    """The organizations that the user may act for. Raises Denied when there is none."""
    scope = me().scope(INSPECTIONS, write=True)
    found = {
        row.id: row
        for row in queries.organizations(db(), scope.where(Organization.id) & Organization.closed_at.is_(None))
    }
    if not found:
        me().check(INSPECTIONS, 0)
    return found


def _new_form() -> NewInspectionForm:
    organizations = list(_writable().values())
    form = NewInspectionForm()
    form.organization.choices = choices(*((str(row.id), row.name) for row in organizations))
    if request.method == "GET":
        form.organization.data = str(organizations[0].id)
        form.locale.data = organizations[0].locale
        form.subjects.data = list(SUBJECTS)
    ids = sorted(row.id for row in organizations)
    campaigns = queries.campaigns(db(), Campaign.organization_id.in_(ids))
    form.campaign.choices = choices(("", "None"), *((str(row.id), row.name) for row in campaigns))
    return form


def _new_page(form: NewInspectionForm) -> Response:
    zones = {str(row.id): row.time_zone for row in _writable().values()}
    return respond("inspections/new.html", form=form, zones=zones)
