"""Links from letters: a forgotten password, an invitation."""

from flask import Response, flash, g, request, url_for

from app.accounts import links, queries
from app.accounts.access import public
from app.accounts.actions import people, sign_ins
from app.accounts.forms import ForgottenForm, NewPasswordForm
from app.accounts.public import acting_as, enter_or_ask, limiter, public_pages
from app.accounts.throttle import hit
from app.kernel import clock
from app.kernel.api.rate_limits import refuse
from app.kernel.changes.events import Actor
from app.kernel.db.transaction import db, reading
from app.kernel.web.htmx import respond, see_other


@public_pages.get("/password/forgotten")
@public
def forgotten() -> Response:
    """Asks for the address a letter should go to."""
    return respond("accounts/forgotten.html", form=ForgottenForm(formdata=None))


@public_pages.post("/password/forgotten")
@public
def ask_reset() -> Response:
    """Notes the wish; the worker decides whether there is anybody to write to."""
    form = ForgottenForm()
    if not form.validate_on_submit():
        return respond("accounts/forgotten.html", status=422, form=form)
    refuse(hit(limiter(), f"reset of {form.email.data}", request.remote_addr or ""))
    visitor = Actor("visitor", None, "Somebody", None, "page", g.get("request_id"), request.remote_addr)
    sign_ins.ask_reset(db(), form.email.data, by=visitor, now=clock.now())
    return see_other(url_for("accounts_public.reset_asked"))


@public_pages.get("/password/asked")
@public
def reset_asked() -> Response:
    """The same words for everybody."""
    return respond("accounts/reset-asked.html")


@public_pages.get("/password/new/<token>")
@public
def new_password(token: str) -> Response:
    """The form behind a reset link. Looking, or a mail scanner, uses nothing up."""
    claim = links.redeemable(db(), links.RESET, token)
    form = NewPasswordForm(formdata=None)
    return respond("accounts/new-password.html", form=form, person=claim.person, invitation=False)


@public_pages.post("/password/new/<token>")
@public
def reset_password(token: str) -> Response:
    """Sets the password and signs in. Of two presses at once one wins."""
    return _set_password(links.RESET, token, "reset")


@public_pages.get("/invitation/<token>")
@public
def invitation(token: str) -> Response:
    """The form behind an invitation. Looking uses nothing up."""
    claim = links.redeemable(db(), links.INVITATION, token)
    form = NewPasswordForm(formdata=None)
    return respond("accounts/new-password.html", form=form, person=claim.person, invitation=True)


@public_pages.post("/invitation/<token>")
@public
def accept_invitation(token: str) -> Response:
    """Sets the first password and signs in."""
    return _set_password(links.INVITATION, token, "accepted")


def _set_password(purpose: str, token: str, how: str) -> Response:
    claim = links.redeemable(reading(), purpose, token)
    person = claim.person
    form = NewPasswordForm()
    form.email, form.name = person.email, person.name
    if not form.validate_on_submit():
        accepting = how == "accepted"
        return respond("accounts/new-password.html", status=422, form=form, person=person, invitation=accepting)
    hashed = people.hashed(form.password.data, email=person.email, name=person.name)
    by = acting_as(person)
    people.change_password(db(), person.id, claim.epoch, hashed, how=how, by=by, now=clock.now())
    entering = queries.person(db(), person.id)
    answer = enter_or_ask(entering, "link")
    flash("Your password is set." if entering.second_factor else "Your password is set, and you are signed in.")
    return answer
