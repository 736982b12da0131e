"""Pages of a person's own settings: name, time zone, theme, undo window, password, sign-ins, signing out."""

from flask import Response, current_app, flash, request, session, url_for
from flask_login import logout_user

from app.accounts import passwords, queries
from app.accounts.access import allow, me, unsettled
from app.accounts.actions import people, sign_ins
from app.accounts.forms import ZONES, AddressForm, ChangePasswordForm, NewPasskeyForm, SettingsForm
from app.accounts.guard import admit
from app.accounts.models import Person
from app.accounts.roles import PRESCREENS
from app.accounts.throttle import count_proof, reset_proof
from app.accounts.views import pages
from app.kernel import clock
from app.kernel.api.rate_limits import refuse
from app.kernel.db.transaction import db, reading
from app.kernel.errors import FieldError, Invalid
from app.kernel.web.forms import DeskForm
from app.kernel.web.htmx import leave_for, respond, see_other


@pages.get("/settings")
@allow()
@unsettled
def settings() -> Response:
    """Shows the current user's settings."""
    found, now = queries.person(db(), me().id), clock.now()
    form = SettingsForm(formdata=None, obj=found, data={"split": found.split_desks.split()})
    _offer_zone(form, found)
    form.offer_desks(me().desks)
    form.offer_new_answers(me().may(PRESCREENS))
    return respond(
        "accounts/settings.html",
        form=form,
        address_form=AddressForm(formdata=None),
        password_form=ChangePasswordForm(formdata=None),
        new_passkey=NewPasskeyForm(formdata=None),
        factors=queries.factors(db(), me().id),
        proven=me().proven(now),
        sign_ins=queries.live_sign_ins(db(), me().id, now),
    )


@pages.post("/settings")
@allow()
@unsettled
def change_settings() -> Response:
    """Saves the personal settings."""
    found = queries.person(db(), me().id)
    form = SettingsForm()
    _offer_zone(form, found)
    form.offer_desks(me().desks)
    form.offer_new_answers(me().may(PRESCREENS))
    form.check()
    changed = people.PersonalSettings(
        name=form.name.data,
        time_zone=form.time_zone.data,
        theme=form.theme.data,
        single_keys=form.single_keys.data,
        undo_seconds=form.undo_seconds.data,
        new_answers=str(form.new_answers.data or found.new_answers) if form.new_answers else found.new_answers,
        split_desks=" ".join({*form.split.data, *(set(found.split_desks.split()) - set(me().desks))}),
    )
    people.change_settings(db(), found, changed, version=form.seen_version, by=me().actor(), now=clock.now())
    flash("Your settings are saved.")
    return see_other(url_for("accounts.settings"))


@pages.post("/settings/password")
@allow()
@unsettled
def change_password() -> Response:
    """Sets a new password, ends every sign-in and starts a new one for this browser."""
    form = ChangePasswordForm()
    form.email, form.name = me().email, me().name
    form.check()
    refuse(count_proof(current_app.extensions["limiter"], me().id, request.remote_addr or ""))
    found = queries.person(reading(), me().id)
    if not passwords.matches(found.password_hash, form.current.data):
        detail = "This is not your present password. Nothing was changed."
        raise Invalid(detail, errors=[FieldError("current", "wrong", detail)])
    reset_proof(current_app.extensions["limiter"], me().id)
    hashed = people.hashed(form.password.data, email=me().email, name=me().name)
    now, by = clock.now(), me().actor()
    people.change_password(db(), found.id, found.session_epoch, hashed, how="changed", by=by, now=now)
    again = queries.person(db(), found.id)
    admit(sign_ins.sign_in(db(), again, address=request.remote_addr or "", user_agent=_browser(), by=by, now=now))
    flash("Your password is changed. Every other browser was signed out.")
    return leave_for(url_for("accounts.settings"))


@pages.post("/settings/sign-ins/<int:sign_in_id>/end")
@allow()
@unsettled
def end_sign_in(sign_in_id: int) -> Response:
    """Ends another sign-in of the current user."""
    DeskForm().check()
    sign_ins.end_sign_in(db(), me().id, sign_in_id, by=me().actor(), now=clock.now())
    flash("That browser is signed out.")
    return see_other(url_for("accounts.settings"))


@pages.post("/settings/sign-ins/end")
@allow()
@unsettled
def end_other_sign_ins() -> Response:
    """Ends every other sign-in of the current user."""
    DeskForm().check()
    ended = sign_ins.end_other_sign_ins(db(), me().id, me().sign_in_id, by=me().actor(), now=clock.now())
    flash("Every other browser is signed out." if ended else "You were signed in nowhere else.")
    return see_other(url_for("accounts.settings"))


@pages.post("/sign-out")
@allow()
@unsettled
def sign_out() -> Response:
    """Ends the current sign-in, on the server too."""
    DeskForm().check()
    sign_ins.end_sign_in(db(), me().id, me().sign_in_id, by=me().actor(), now=clock.now())
    logout_user()
    session.clear()
    flash("You are signed out.")
    return leave_for(url_for("accounts_public.sign_in"))


def _offer_zone(form: SettingsForm, found: Person) -> None:
    if found.time_zone not in ZONES:
        form.time_zone.choices = [found.time_zone, *ZONES]


def _browser() -> str:
    return request.headers.get("User-Agent", "")
