"""Pages for people who are not signed in: signing in, a forgotten password, an invitation."""

from flask import Blueprint, Response, current_app, flash, g, request, session, url_for

from app.accounts import links, queries
from app.accounts.access import public, signed_in
from app.accounts.actions import people, sign_ins
from app.accounts.forms import ForgottenForm, NewPasswordForm, SignInForm
from app.accounts.guard import admit, kept_text, safe_next
from app.accounts.models import Person
from app.accounts.throttle import forgive, hit
from app.kernel import clock
from app.kernel.events import Actor
from app.kernel.htmx import leave_for, respond, see_other
from app.kernel.ratelimit import Limiter, refuse
from app.kernel.transaction import db, reading

public_pages = Blueprint("accounts_public", __name__)

WRONG = "E-mail and password do not belong together. Nothing was changed."


@public_pages.get("/sign-in")
@public
def sign_in() -> Response:
    """The form. Somebody who is signed in already goes where they wanted."""
    target = safe_next(request.args.get("next"))
    if signed_in() is not None:
        return leave_for(target or url_for("home.overview"))
    form = SignInForm(formdata=None, next=target or "")
    return respond("accounts/sign-in.html", form=form, kept="", expired=False, problem="")


@public_pages.post("/sign-in")
@public
def open_sign_in() -> Response:
    """Checks e-mail and password; the same answer, at the same cost, whether or not we know the person."""
    form = SignInForm()
    kept = request.form.get("kept", "")
    if not form.validate_on_submit():
        return _again(form, kept, "", 422)
    tries = hit(_limiter(), form.email.data, request.remote_addr or "")
    if not tries.allowed:
        minutes = -(-tries.retry_after // 60)
        wait = f"Too many tries. Wait {minutes} {'minute' if minutes == 1 else 'minutes'}, or ask for a new password."
        answer = _again(form, kept, wait, 429)
        answer.headers["Retry-After"] = str(tries.retry_after)
        return answer
    found = sign_ins.recognize(reading(), form.email.data, form.password.data)
    if found is None:
        return _again(form, kept, WRONG, 422)
    forgive(_limiter(), form.email.data)
    former = signed_in()
    if former is not None:
        sign_ins.end_sign_in(db(), former.id, former.sign_in_id, by=former.actor(), now=clock.now())
    _open(found)
    typed = kept_text(reading(), kept, found.id)
    if typed is not None:
        return respond("accounts/kept.html", path=typed["path"], fields=typed["fields"], me=None)
    return leave_for(safe_next(form.next.data) or url_for("home.overview"))


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
    refuse(hit(_limiter(), f"reset of {form.email.data}", request.remote_addr or ""))
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
    by = _as(person)
    people.change_password(db(), person.id, claim.epoch, hashed, how=how, by=by, now=clock.now())
    forgive(_limiter(), person.email)
    _open(queries.person(db(), person.id))
    flash("Your password is set, and you are signed in.")
    return leave_for(url_for("home.overview"))


def _open(person: Person) -> None:
    """Signs this browser in: a fresh random id, whatever the browser brought along."""
    session.clear()
    agent = request.headers.get("User-Agent", "")
    address = request.remote_addr or ""
    admit(sign_ins.sign_in(db(), person, address=address, user_agent=agent, by=_as(person), now=clock.now()))


def _again(form: SignInForm, kept: str, problem: str, status: int) -> Response:
    return respond("accounts/sign-in.html", status=status, form=form, kept=kept, expired=False, problem=problem)


def _as(person: Person) -> Actor:
    return Actor("person", str(person.id), person.name, None, "page", g.get("request_id"), request.remote_addr)


def _limiter() -> Limiter:
    limiter: Limiter = current_app.extensions["limiter"]
    return limiter
