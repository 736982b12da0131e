"""API keys: made, shown once, revoked; and a bearer to try the depositions API with."""

from collections.abc import Sequence
from typing import Any

from flask import Response, flash, request, url_for

from app.accounts import queries
from app.accounts.access import allow, me
from app.accounts.actions import keys as actions
from app.accounts.forms import KeyForm
from app.accounts.models import Organization, Product
from app.accounts.roles import Role
from app.accounts.views import administered, pages
from app.kernel import clock
from app.kernel.db.transaction import db
from app.kernel.web.forms import DeskForm, choices
from app.kernel.web.htmx import respond, see_other


@pages.get("/keys")
@allow(Role.ADMIN)
def keys() -> Response:
    """The keys this administrator keeps."""
    mine = administered()
    chosen = request.args.get("organization", "")
    organization_id = int(chosen) if chosen.isdecimal() and len(chosen) < 10 else None
    places = queries.organizations(db(), mine)
    return respond(
        "accounts/keys.html",
        "accounts/_keys.html",
        rows=queries.keys(db(), mine, organization_id=organization_id),
        organization=chosen,
        organizations=[("", "any"), *((each.id, each.name) for each in places)],
        now=clock.now(),
    )


@pages.get("/keys/new")
@allow(Role.ADMIN)
def new_key() -> Response:
    """The form that makes one."""
    places = queries.organizations(db(), administered())
    chosen = request.args.get("organization", "")
    form = _form(places, None, int(chosen) if chosen.isdecimal() and len(chosen) < 10 else None)
    return respond("accounts/key-new.html", form=form)


@pages.post("/keys")
@allow(Role.ADMIN)
def create_key() -> Response:
    """Makes a key and shows it, this once: the answer itself is the only place it is ever written."""
    mine = administered()
    form = _form(queries.organizations(db(), mine), request.form, None)
    form.check()
    owner = queries.organization(db(), form.organization.data, mine)
    scopes = form.scopes.data or () if form.product.data == Product.INSPECTIONS else ()
    made, secret = actions.create(
        db(),
        owner,
        form.product.data,
        scopes=scopes,
        label=form.label.data or "",
        by=me().actor(),
        now=clock.now(),
    )
    return respond("accounts/key-created.html", key=made, secret=secret, organization=owner)


@pages.post("/keys/<int:key_id>/revoke")
@allow(Role.ADMIN)
def revoke_key(key_id: int) -> Response:
    """Ends a key for good."""
    DeskForm().check()
    found = queries.key(db(), key_id, administered())
    actions.revoke(db(), found, by=me().actor(), now=clock.now())
    flash(f"The key {found.prefix}… opens nothing any more.")
    return see_other(url_for("accounts.keys"))


@pages.post("/organizations/<int:organization_id>/bearer")
@allow(Role.ADMIN)
def print_bearer(organization_id: int) -> Response:
    """Shows a depositions bearer that works for an hour, this once."""
    DeskForm().check()
    owner = queries.organization(db(), organization_id, administered())
    bearer, ends = actions.print_bearer(db(), owner, by=me().actor(), now=clock.now())
    return respond("accounts/bearer.html", organization=owner, bearer=bearer, ends=ends)


def _form(places: Sequence[Organization], typed: Any, chosen: int | None) -> KeyForm:
    form = KeyForm(formdata=typed, organization=chosen, product=Product.DEPOSITIONS.value)
    form.organization.choices = choices(*((str(each.id), each.name) for each in places))
    return form
