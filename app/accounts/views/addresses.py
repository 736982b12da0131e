"""Pages on which the e-mail address of an account is changed: one's own through a link, anybody's by staff."""

from flask import Response, current_app, flash, url_for

from app.accounts import links, queries
from app.accounts.access import allow, me, unsettled
from app.accounts.actions import addresses, sign_ins
from app.accounts.actions.addresses import Follower
from app.accounts.forms import AddressForm, GivenAddressForm
from app.accounts.links import Claim
from app.accounts.models import Person
from app.accounts.roles import Role
from app.accounts.views import administered, pages
from app.accounts.views.proof import ask_for_proof
from app.kernel import clock
from app.kernel.changes import confirmation
from app.kernel.db.transaction import db, reading
from app.kernel.errors import Denied
from app.kernel.text.template_filters import pluralize
from app.kernel.web import confirmation_pages
from app.kernel.web.confirmation_pages import Confirmation
from app.kernel.web.forms import DeskForm
from app.kernel.web.htmx import leave_for, respond, see_other


@pages.post("/settings/email")
@allow()
@unsettled
def ask_for_address() -> Response:
    """Sends a link to the address that the current user wants."""
    if (question := ask_for_proof(url_for("accounts.settings"))) is not None:
        return question
    form = AddressForm()
    form.check()
    found = queries.person(db(), me().id)
    address = addresses.ask(db(), found, form.email.data, by=me().actor(), now=clock.now())
    flash(f"A link to {address} is on its way. Open it in this browser: until then nothing changes.")
    return see_other(url_for("accounts.settings"))


@pages.get("/settings/email/<token>")
@allow()
@unsettled
def new_address(token: str) -> Response:
    """Shows the address that a link proves. Opening it changes nothing."""
    claim = _claim(token)
    addresses.check_free(db(), claim.address)
    return respond("accounts/new-address.html", form=DeskForm(formdata=None), address=claim.address, token=token)


@pages.post("/settings/email/<token>")
@allow()
@unsettled
def confirm_address(token: str) -> Response:
    """Gives the current user's account the address. Of two presses at once one wins."""
    DeskForm().check()
    claim, by, now = _claim(token), me().actor(), clock.now()
    found = queries.person(db(), me().id)
    changed = addresses.change(db(), found, claim.address, followers=_followers(), epoch=claim.epoch, by=by, now=now)
    sign_ins.keep(db(), me().sign_in_id, changed.session_epoch)
    flash(f"Your address is {changed.email} now. Every other browser was signed out.")
    return leave_for(url_for("accounts.settings"))


@pages.post("/people/<int:person_id>/email")
@allow(Role.ADMIN)
def change_address(person_id: int) -> Response:
    """Gives a person another address, once a staff administrator has read what that ends and who is told."""
    if (question := ask_for_proof(url_for("accounts.person", person_id=person_id))) is not None:
        return question
    form = GivenAddressForm()
    form.check()
    found, now = _addressable(person_id), clock.now()
    browsers = len(queries.live_sign_ins(db(), found.id, now))
    signed_out = f"{pluralize(browsers, 'browser')} will be signed out, and links" if browsers else "Links"
    asked = Confirmation(
        title="Review and change the address",
        confirm="Change the address",
        back=url_for("accounts.person", person_id=found.id),
        back_label="Back to the person",
        subject=[found.name, f"{found.email} → {form.email.data}"],
        icon="mail",
        note=f"{signed_out} in e-mails of before stop working. All that they did and have stays theirs. What was "
        "written down with the former address, as on inspections, keeps it.",
    )
    by = me().actor()
    _, preview = confirmation.confirm(
        lambda db, version: addresses.change(
            db, _addressable(person_id), form.email.data, followers=_followers(), version=version, by=by, now=now
        ),
        "address",
        person_id,
        form.email.data,
    )
    if preview:
        return confirmation_pages.show(preview, asked)
    found = queries.person(db(), person_id)
    flash(f"The address of {found.name} is {found.email} now.")
    return see_other(url_for("accounts.person", person_id=found.id))


def why_not_change_address(found: Person) -> str:
    """The reason of the disabled button, which is also the refusal of the action; empty when it is enabled.

    Whoever gives somebody an address can sign in as them, and reads whose address an account has: an organization's
    administrator can do neither otherwise.
    """
    if found.id == me().id:
        return "Your own is on your settings page."
    if administered() is not None:
        return "Only a staff administrator may do this. Everybody changes their own address in their settings."
    return ""


def _addressable(person_id: int) -> Person:
    """A person to whom the current administrator may give an address. Raises NotFound, Denied."""
    found = queries.person(db(), person_id, administered())
    if why_not := why_not_change_address(found):
        raise Denied(f"{why_not} Nothing was changed.")
    return found


def _claim(token: str) -> Claim:
    """What a link says, to its own person. Raises Invalid, Gone, Denied."""
    claim = links.redeemable(reading(), links.ADDRESS, token)
    if claim.person.id != me().id:
        raise Denied("This link is for another account. Nothing was changed. Sign in to that one, and open it again.")
    return claim


def _followers() -> list[Follower]:
    found: list[Follower] = current_app.extensions["followers"]
    return found
