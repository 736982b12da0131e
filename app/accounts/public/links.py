"""Pages behind the links of e-mails: a forgotten password, an invitation."""

from flask import Response, flash, g, request, url_for

from app.accounts import links, queries
from app.accounts.access import public
from app.accounts.actions import people, sign_ins
from app.accounts.forms import ForgottenForm, NewPasswordForm
from app.accounts.public import RESTORED, actor_for, limiter, public_pages, sign_in_or_ask
from app.accounts.throttle import count_reset
from app.kernel import clock
from app.kernel.api.rate_limits import refuse
from app.kernel.changes.events import Actor
from app.kernel.db.transaction import db, reading
from app.kernel.web.htmx import respond, see_other


@public_pages.get("/password/forgotten")
@public
def forgotten() -> Response:
    """Asks for the address of the account."""
    return respond("accounts/forgotten.html", form=ForgottenForm(formdata=None))


def forgotten_again(*_: str) -> Response:
    """The form with a new token and the address that was typed."""
    form = ForgottenForm(formdata=None, email=request.form.get("email", "")[:254])
    flash(RESTORED, "warn")
    return respond("accounts/forgotten.html", status=403, form=form)


@public_pages.post("/password/forgotten")
@public
def request_reset() -> Response:
    """Records the request; the worker decides whether there is an account to send an e-mail to."""
    form = ForgottenForm()
    if not form.validate_on_submit():
        return respond("accounts/forgotten.html", status=422, form=form)
    refuse(count_reset(limiter(), form.email.data, request.remote_addr or ""))
    visitor = Actor("visitor", None, "Somebody", None, "page", g.get("request_id"), request.remote_addr)
    sign_ins.request_reset(db(), form.email.data, by=visitor, now=clock.now())
    return see_other(url_for("accounts_public.reset_requested"))


@public_pages.get("/password/asked")
@public
def reset_requested() -> Response:
    """Shows the same page for known and unknown addresses."""
    return respond("accounts/reset-asked.html")


@public_pages.get("/password/new/<token>")
@public
def new_password(token: str) -> Response:
    """Shows the form behind a reset link. A GET, also by a mail scanner, does not use the link up."""
    claim = links.redeemable(db(), links.RESET, token)
    form = NewPasswordForm(formdata=None)
    return respond("accounts/new-password.html", form=form, person=claim.person, invitation=False)


@public_pages.post("/password/new/<token>")
@public
def reset_password(token: str) -> Response:
    """Sets the password and signs in. Of two requests at once one wins."""
    return _set_password(links.RESET, token, "reset")


@public_pages.get("/invitation/<token>")
@public
def invitation(token: str) -> Response:
    """Shows the form behind an invitation. A GET does not use the link up."""
    claim = links.redeemable(db(), links.INVITATION, token)
    form = NewPasswordForm(formdata=None)
    return respond("accounts/new-password.html", form=form, person=claim.person, invitation=True)


@public_pages.post("/invitation/<token>")
@public
def accept_invitation(token: str) -> Response:
    """Sets the first password and signs in."""
    return _set_password(links.INVITATION, token, "accepted")


def new_password_again(*_: str) -> Response:
    """The form of the link with a new token; a password is typed again."""
    accepting = request.endpoint == "accounts_public.accept_invitation"
    token = (request.view_args or {})["token"]
    claim = links.redeemable(db(), links.INVITATION if accepting else links.RESET, token)
    form = NewPasswordForm(formdata=None)
    flash(RESTORED, "warn")
    return respond("accounts/new-password.html", status=403, form=form, person=claim.person, invitation=accepting)


def _set_password(purpose: str, token: str, how: str) -> Response:
    claim = links.redeemable(reading(), purpose, token)
    person = claim.person
    form = NewPasswordForm()
    form.email, form.name = person.email, person.name
    if not form.validate_on_submit():
        accepting = how == "accepted"
        return respond("accounts/new-password.html", status=422, form=form, person=person, invitation=accepting)
    hashed = people.hashed(form.password.data, email=person.email, name=person.name)
    by = actor_for(person)
    people.change_password(db(), person.id, claim.epoch, hashed, how=how, by=by, now=clock.now())
    signing_in = queries.person(db(), person.id)
    answer = sign_in_or_ask(signing_in, "link")
    flash("Your password is set." if signing_in.second_factor else "Your password is set, and you are signed in.")
    return answer
