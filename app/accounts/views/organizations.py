"""Pages of the organizations, which are the clients."""

from flask import Response, flash, request, url_for
from werkzeug.datastructures import MultiDict

from app.accounts import hosts, queries
from app.accounts.access import allow, me
from app.accounts.actions import organizations as actions
from app.accounts.events import EVENTS
from app.accounts.forms import ZONES, NewOrganizationForm, OrganizationForm, StaffOrganizationForm
from app.accounts.models import Organization
from app.accounts.roles import Product, Role
from app.accounts.rules import LOCALES
from app.accounts.views import administered, pages
from app.kernel import clock
from app.kernel.changes import confirmation, events
from app.kernel.db.transaction import db
from app.kernel.errors import Denied
from app.kernel.text.template_filters import pluralize
from app.kernel.web import confirmation_pages, list_filters
from app.kernel.web.confirmation_pages import Confirmation
from app.kernel.web.forms import DeskForm
from app.kernel.web.htmx import respond, see_other
from app.kernel.web.list_filters import Filter


@pages.get("/organizations")
@allow(Role.ADMIN)
def organizations() -> Response:
    """Lists the organizations that the current administrator manages."""
    chosen = list_filters.read("accounts.organizations", Filter("q", "Name or slug"))
    found = queries.organizations(db(), administered(), text=chosen["q"])
    return respond(
        "accounts/organizations.html",
        "accounts/_organizations.html",
        rows=found,
        chosen=chosen,
        full=len(found) == queries.LISTED,
        languages=LOCALES,
        staff=administered() is None,
    )


@pages.get("/organizations/new")
@allow(Role.ADMIN)
def new_organization() -> Response:
    """Shows the form that creates an organization; for staff administrators."""
    _check_staff()
    return respond("accounts/organization-new.html", form=NewOrganizationForm(formdata=None))


@pages.post("/organizations")
@allow(Role.ADMIN)
def create_organization() -> Response:
    """Creates an organization."""
    _check_staff()
    form = NewOrganizationForm()
    form.check()
    made = actions.create(
        db(),
        slug=form.slug.data,
        name=form.name.data,
        plan=form.plan.data,
        locale=form.locale.data,
        time_zone=form.time_zone.data,
        contact_email=form.contact_email.data or "",
        self_service=form.self_service.data,
        by=me().actor(),
        now=clock.now(),
    )
    flash(f"{made.name} is created. It needs people and keys.")
    return see_other(url_for("accounts.organization", organization_id=made.id))


@pages.get("/organizations/<int:organization_id>")
@allow(Role.ADMIN)
def organization(organization_id: int) -> Response:
    """Shows one organization: its settings, people, keys and activity."""
    mine = administered()
    found = queries.organization(db(), organization_id, mine)
    keys = queries.keys(db(), mine, organization_id=found.id)
    return respond(
        "accounts/organization.html",
        organization=found,
        host=hosts.by_id(db(), found.id),
        form=_form(found, mine, None),
        staff=mine is None,
        people=queries.people(db(), mine, organization_id=found.id),
        keys=keys,
        signs=any(each.product == Product.DEPOSITIONS and each.revoked_at is None for each in keys),
        activity=EVENTS.timeline(events.timeline(db(), "organization", found.id, 100)),
    )


@pages.post("/organizations/<int:organization_id>")
@allow(Role.ADMIN)
def change_organization(organization_id: int) -> Response:
    """Saves the settings; plan, billing and self-service only for staff administrators."""
    mine = administered()
    found = queries.organization(db(), organization_id, mine)
    form = _form(found, mine, request.form)
    form.check()
    changes: actions.OrganizationFields = {
        "name": form.name.data,
        "contact_email": form.contact_email.data or "",
        "locale": form.locale.data,
        "time_zone": form.time_zone.data,
        "country": form.country.data or None,
        "colour": form.colour.data or "",
        "public_email": form.public_email.data or "",
        "public_phone": form.public_phone.data or "",
        "hours": form.hours.data or "",
        "decision_emails": form.decision_emails.data,
        "prescreen_days": form.prescreen_days.data,
        "require_second_factor": form.require_second_factor.data,
        "evidence_days": form.evidence_days.data,
    }
    if isinstance(form, StaffOrganizationForm):
        changes["plan"], changes["billing"] = form.plan.data, form.billing.data
        changes["self_service"] = form.self_service.data
    actions.change(db(), found, changes, version=form.seen_version, by=me().actor(), now=clock.now())
    flash(f"Saved. {changes['name']} is as you set it.")
    return see_other(url_for("accounts.organization", organization_id=found.id))


@pages.post("/organizations/<int:organization_id>/close")
@allow(Role.ADMIN)
def close_organization(organization_id: int) -> Response:
    """Closes an organization, once the administrator has read what ends and what goes on."""
    DeskForm().check()
    _check_staff("close")
    found, by, now = queries.organization(db(), organization_id, None), me().actor(), clock.now()
    name, keys = found.name, queries.keys(db(), None, organization_id=found.id)
    working = pluralize(sum(each.revoked_at is None for each in keys), "working key")
    people = pluralize(len(queries.people(db(), None, organization_id=found.id)), "person has", "people have")
    asked = Confirmation(
        title="Review and close",
        confirm="Close the organization",
        back=url_for("accounts.organization", organization_id=found.id),
        back_label="Back to the organization",
        subject=[name, found.slug],
        icon="lock",
        tone="danger",
        note=f"Its programs are refused from now on ({working}). {people} a role in it, which gives no access then; "
        "roles elsewhere stay. Its questionnaires take nobody new, and neither keys nor roles, requests or inspections "
        "can be created for it. What is under way goes on: booked sessions take place, links that were sent work, and "
        "staff of all organizations see and finish it. It can be reopened, with everything that it had.",
    )
    _, preview = confirmation.confirm(
        lambda db, _: actions.close(db, queries.organization(db, organization_id), by=by, now=now),
        "close",
        organization_id,
    )
    if preview:
        return confirmation_pages.show(preview, asked)
    flash(f"{name} is closed.")
    return see_other(url_for("accounts.organization", organization_id=organization_id))


@pages.post("/organizations/<int:organization_id>/reopen")
@allow(Role.ADMIN)
def reopen_organization(organization_id: int) -> Response:
    """Reopens a closed organization."""
    DeskForm().check()
    _check_staff("reopen")
    found = queries.organization(db(), organization_id, None)
    actions.reopen(db(), found, by=me().actor(), now=clock.now())
    flash(f"{found.name} is open again, with the keys and roles that it had.")
    return see_other(url_for("accounts.organization", organization_id=found.id))


def _form(found: Organization, mine: frozenset[int] | None, posted: MultiDict[str, str] | None) -> OrganizationForm:
    """The form, filled from the row or with the posted values."""
    form_class = StaffOrganizationForm if mine is None else OrganizationForm
    form = form_class(formdata=posted, obj=found)
    if found.time_zone not in ZONES:
        form.time_zone.choices = [found.time_zone, *ZONES]
    return form


def _check_staff(verb: str = "create") -> None:
    """Raises Denied unless the current administrator manages all organizations."""
    if administered() is not None:
        raise Denied(f"Only staff administrators {verb} organizations. Nothing was done.")
