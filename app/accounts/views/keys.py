"""Pages of the API keys, and a bearer to try the depositions API with."""

from collections.abc import Sequence

from flask import Response, flash, request, url_for
from werkzeug.datastructures import MultiDict

from app.accounts import queries
from app.accounts.access import allow, me
from app.accounts.actions import keys as actions
from app.accounts.forms import KeyForm
from app.accounts.models import Organization
from app.accounts.roles import ACCESS, Product, Role
from app.accounts.views import administered, organization_options, pages
from app.kernel import clock
from app.kernel.changes import confirmation
from app.kernel.db.transaction import db
from app.kernel.web import confirmation_pages, list_filters
from app.kernel.web.confirmation_pages import Confirmation
from app.kernel.web.forms import DeskForm, choices
from app.kernel.web.htmx import respond, see_other
from app.kernel.web.list_filters import Filter


@pages.get("/keys")
@allow(Role.ADMIN)
def keys() -> Response:
    """Lists the keys that the current administrator manages."""
    mine = administered()
    chosen = list_filters.read("accounts.keys", Filter("organization", "Organization", organization_options(mine)))
    organization_id = int(chosen["organization"]) if chosen["organization"] else None
    return respond(
        "accounts/keys.html",
        "accounts/_keys.html",
        rows=queries.keys(db(), mine, organization_id=organization_id),
        chosen=chosen,
        products=list(ACCESS),
        now=clock.now(),
    )


@pages.get("/keys/new")
@allow(Role.ADMIN)
def new_key() -> Response:
    """Shows the form that creates a key."""
    managed = queries.organizations(db(), administered(), is_open=True)
    chosen = request.args.get("organization", "")
    form = _form(managed, None, int(chosen) if chosen.isdecimal() and len(chosen) < 10 else None)
    return respond("accounts/key-new.html", form=form)


@pages.post("/keys")
@allow(Role.ADMIN)
def create_key() -> Response:
    """Creates a key and shows it, once: this response is the only place where it is ever written."""
    mine = administered()
    form = _form(queries.organizations(db(), mine, is_open=True), request.form, None)
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
    """Revokes a key, once the administrator has read what that ends."""
    DeskForm().check()
    found, by, now = queries.key(db(), key_id, administered()), me().actor(), clock.now()
    prefix, label = found.prefix, found.label
    signing = " Bearers signed with it end now, and webhooks are signed by the newest key that is left."
    signing = signing if found.product == Product.DEPOSITIONS else ""
    asked = Confirmation(
        title="Review and revoke",
        confirm="Revoke the key",
        back=url_for("accounts.keys"),
        back_label="Back to the keys",
        subject=list(filter(None, [f"{prefix}…", label, f"for {found.product}"])),
        icon="ban",
        tone="danger",
        note="Requests with this key are refused from now on. It cannot be restored." + signing,
    )
    _, preview = confirmation.confirm(
        lambda db, _: actions.revoke(db, queries.key(db, key_id, administered()), by=by, now=now), "revoke", key_id
    )
    if preview:
        return confirmation_pages.show(preview, asked)
    flash(f"The key {prefix}… is revoked.")
    return see_other(url_for("accounts.keys"))


@pages.post("/organizations/<int:organization_id>/bearer")
@allow(Role.ADMIN)
def print_bearer(organization_id: int) -> Response:
    """Shows a depositions bearer that is valid for an hour, once."""
    DeskForm().check()
    owner = queries.organization(db(), organization_id, administered())
    bearer, expires_at = actions.print_bearer(db(), owner, by=me().actor(), now=clock.now())
    return respond("accounts/bearer.html", organization=owner, bearer=bearer, expires_at=expires_at)


def _form(managed: Sequence[Organization], posted: MultiDict[str, str] | None, chosen: int | None) -> KeyForm:
    form = KeyForm(formdata=posted, organization=chosen, product=Product.DEPOSITIONS.value)
    form.organization.choices = choices(*((str(each.id), each.name) for each in managed))
    return form
