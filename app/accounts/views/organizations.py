"""Organizations: the clients of the house and what they may do."""

from typing import Any

from flask import Response, flash, request, url_for

from app.accounts import queries
from app.accounts.access import allow, me
from app.accounts.actions import organizations as actions
from app.accounts.events import EVENTS
from app.accounts.forms import ZONES, NewOrganizationForm, OrganizationForm, StaffOrganizationForm
from app.accounts.models import Organization, Product
from app.accounts.roles import Role
from app.accounts.rules import LOCALES
from app.accounts.views import administered, pages
from app.kernel import clock
from app.kernel.changes import events
from app.kernel.db.transaction import db
from app.kernel.errors import Denied
from app.kernel.web.htmx import respond, see_other

CHANGEABLE = ("name", "contact_email", "locale", "time_zone", "decision_emails", "require_second_factor")


@pages.get("/organizations")
@allow(Role.ADMIN)
def organizations() -> Response:
    """The organizations this administrator keeps."""
    text = "".join(c for c in request.args.get("q", "").strip()[:100] if c.isprintable())
    found = queries.organizations(db(), administered(), text=text)
    return respond(
        "accounts/organizations.html",
        "accounts/_organizations.html",
        rows=found,
        q=text,
        full=len(found) == queries.LISTED,
        languages=LOCALES,
        house=administered() is None,
    )


@pages.get("/organizations/new")
@allow(Role.ADMIN)
def new_organization() -> Response:
    """The form that creates one; for administrators of the house."""
    _for_the_house()
    return respond("accounts/organization-new.html", form=NewOrganizationForm(formdata=None))


@pages.post("/organizations")
@allow(Role.ADMIN)
def create_organization() -> Response:
    """Creates one."""
    _for_the_house()
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
    flash(f"{made.name} is a client now. It needs people and keys.")
    return see_other(url_for("accounts.organization", organization_id=made.id))


@pages.get("/organizations/<int:organization_id>")
@allow(Role.ADMIN)
def organization(organization_id: int) -> Response:
    """One organization: its settings, people, keys, story."""
    mine = administered()
    found = queries.organization(db(), organization_id, mine)
    keys = queries.keys(db(), mine, organization_id=found.id)
    return respond(
        "accounts/organization.html",
        organization=found,
        form=_form(found, mine, None),
        house=mine is None,
        people=queries.people(db(), mine, organization_id=found.id),
        keys=keys,
        signs=any(each.product == Product.DEPOSITIONS and each.revoked_at is None for each in keys),
        story=EVENTS.timeline(events.timeline(db(), "organization", found.id, 100)),
    )


@pages.post("/organizations/<int:organization_id>")
@allow(Role.ADMIN)
def change_organization(organization_id: int) -> Response:
    """Saves the settings. Plan, billing and self-service only for the house."""
    mine = administered()
    found = queries.organization(db(), organization_id, mine)
    form = _form(found, mine, request.form)
    form.check()
    names = (*CHANGEABLE, *(sorted(actions.STAFF_FIELDS) if mine is None else ()))
    changes: dict[str, Any] = {name: form[name].data for name in names}
    changes["contact_email"] = changes["contact_email"] or ""
    actions.change(db(), found, changes, version=form.seen_version, by=me().actor(), now=clock.now())
    flash(f"Saved. {changes['name']} is as you set it.")
    return see_other(url_for("accounts.organization", organization_id=found.id))


def _form(found: Organization, mine: frozenset[int] | None, typed: Any) -> Any:
    """The form, filled from the row, or with what was typed."""
    kind = StaffOrganizationForm if mine is None else OrganizationForm
    form = kind(formdata=typed, obj=found)
    if found.time_zone not in ZONES:
        form.time_zone.choices = [found.time_zone, *ZONES]
    return form


def _for_the_house() -> None:
    if administered() is not None:
        raise Denied("Only administrators of the house create organizations. Nothing was done.")
