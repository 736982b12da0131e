"""One's own second factors: the authenticator app, recovery codes, passkeys."""

import json

import segno
from flask import Response, flash, jsonify, url_for
from markupsafe import Markup

from app.accounts import passkeys, queries, second_factor_session, totp
from app.accounts.access import allow, me, unsettled
from app.accounts.actions import factors
from app.accounts.forms import AppForm, NewPasskeyForm
from app.accounts.rules import PROOF_LIFE
from app.accounts.views import pages
from app.accounts.views.proof import asked
from app.kernel import clock
from app.kernel.db.transaction import database, db, reading
from app.kernel.errors import Invalid
from app.kernel.web.forms import DeskForm
from app.kernel.web.htmx import leave_for, personal, respond

PURPOSE = "new passkey"
STALE = "This page was open for too long. Nothing was set up. Begin again in your settings."


@pages.post("/settings/app")
@allow()
@unsettled
def new_app() -> Response:
    """Shows a new secret, this once. It is kept only when a code shows that the app has it."""
    if (ask := asked(url_for("accounts.settings"))) is not None:
        return ask
    DeskForm().check()
    secret = totp.new_secret()
    return _app_page(AppForm(formdata=None, sealed_secret=_sealed(secret)), secret)


@pages.post("/settings/app-on")
@allow()
@unsettled
def turn_on_app() -> Response:
    """Keeps the secret, and shows recovery codes when these are the first."""
    if (ask := asked(url_for("accounts.settings"))) is not None:
        return ask
    form = AppForm()
    secret = _unsealed(form.sealed_secret.data or "")
    if not form.validate_on_submit():
        return _app_page(form, secret, 422)
    now, person = clock.now(), queries.person(reading(), me().id)
    try:
        codes = factors.turn_on_app(db(), person, secret, form.one_time_code.data, by=me().actor(), now=now)
    except Invalid as refusal:
        form.take(refusal)
        return _app_page(form, secret, 422)
    return _done("Your authenticator app is set up.", codes)


@pages.post("/settings/app-off")
@allow()
@unsettled
def turn_off_app() -> Response:
    """Forgets the app."""
    if (ask := asked(url_for("accounts.settings"))) is not None:
        return ask
    DeskForm().check()
    factors.turn_off_app(db(), queries.person(db(), me().id), by=me().actor(), now=clock.now())
    return _done("The authenticator app is taken away.")


@pages.post("/settings/codes")
@allow()
@unsettled
def renew_codes() -> Response:
    """Makes new recovery codes and shows them, this once."""
    if (ask := asked(url_for("accounts.settings"))) is not None:
        return ask
    DeskForm().check()
    codes = factors.renew_codes(db(), queries.person(db(), me().id), by=me().actor(), now=clock.now())
    return _done("The codes you had before are dead.", codes)


@pages.post("/settings/passkeys/challenge")
@allow()
@unsettled
def new_passkey_challenge() -> Response:
    """What the browser is asked to make; or, in `leave`, the page that asks first who is there."""
    now = clock.now()
    if not me().proven(now):
        return personal(jsonify({"leave": url_for("accounts.proof", next=url_for("accounts.settings"))}))
    known = [each.credential_id for each in queries.factors(reading(), me().id).passkeys]
    challenge, site = second_factor_session.challenge(PURPOSE, now, me().id), passkeys.site(database().config)
    wanted = passkeys.creation(site, challenge, me().id, email=me().email, name=me().name, known=known)
    return personal(jsonify(wanted))


@pages.post("/settings/passkeys")
@allow()
@unsettled
def add_passkey() -> Response:
    """Keeps what the browser made, and shows recovery codes when these are the first."""
    if (ask := asked(url_for("accounts.settings"))) is not None:
        return ask
    form = NewPasskeyForm()
    form.check()
    now = clock.now()
    challenge = second_factor_session.taken(PURPOSE, now, me().id)
    if challenge is None:
        raise passkeys.refused()
    made = passkeys.made(passkeys.site(database().config), challenge.value, passkeys.answered(form.credential.data))
    person = queries.person(reading(), me().id)
    codes = factors.add_passkey(db(), person, made, form.name.data, by=me().actor(), now=now)
    return _done("The passkey is added.", codes)


@pages.post("/settings/passkeys/<int:passkey_id>/remove")
@allow()
@unsettled
def remove_passkey(passkey_id: int) -> Response:
    """Forgets one passkey."""
    if (ask := asked(url_for("accounts.settings"))) is not None:
        return ask
    DeskForm().check()
    factors.remove_passkey(db(), queries.person(db(), me().id), passkey_id, by=me().actor(), now=clock.now())
    return _done("The passkey is removed.")


def _done(sentence: str, codes: list[str] | None = None) -> Response:
    """Back to the settings; with new recovery codes by way of the page that shows them once."""
    if codes:
        return respond("accounts/recovery-codes.html", codes=codes, sentence=sentence)
    flash(sentence)
    return leave_for(url_for("accounts.settings"))


def _app_page(form: AppForm, secret: str, status: int = 200) -> Response:
    qr = segno.make(totp.address(secret, me().email), error="m")
    svg = qr.svg_inline(border=0, svgclass="qr", lineclass=None, omitsize=True)
    shown = Markup(svg.replace("<svg ", '<svg role="img" aria-label="QR code for the authenticator app" ', 1))
    return respond("accounts/app.html", status=status, form=form, secret=totp.spaced(secret), qr=shown)


def _sealed(secret: str) -> str:
    """A secret that waits on the page for its first code: only we can read it, and only for this person."""
    until = (clock.now() + PROOF_LIFE).timestamp()
    return database().vault.encrypt(json.dumps({"secret": secret, "person": me().id, "until": until}))


def _unsealed(sealed: str) -> str:
    """Raises Invalid when it is too old, somebody else's, or none."""
    try:
        kept = json.loads(database().vault.decrypt(sealed))
        good = kept["person"] == me().id and kept["until"] > clock.now().timestamp()
    except (ValueError, KeyError, TypeError):
        raise Invalid(STALE, code="app.stale") from None
    if not good:
        raise Invalid(STALE, code="app.stale")
    return str(kept["secret"])
