"""Pages of a person's own second factors: the authenticator app, recovery codes, passkeys."""

import json

from flask import Response, flash, jsonify, url_for
from markupsafe import Markup

from app.accounts import passkeys, queries, second_factor_session, totp
from app.accounts.access import allow, me, unsettled
from app.accounts.actions import factors
from app.accounts.forms import AppForm, NewPasskeyForm
from app.accounts.rules import PROOF_LIFE
from app.accounts.views import pages
from app.accounts.views.proof import ask_for_proof
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
    """Shows a new secret, once. It is stored only when a code proves that the app has it."""
    if (question := ask_for_proof(url_for("accounts.settings"))) is not None:
        return question
    DeskForm().check()
    secret = totp.new_secret()
    return _app_page(AppForm(formdata=None, encrypted_secret=_encrypted(secret)), secret)


@pages.post("/settings/app-on")
@allow()
@unsettled
def turn_on_app() -> Response:
    """Stores the secret, and shows recovery codes when there were none."""
    if (question := ask_for_proof(url_for("accounts.settings"))) is not None:
        return question
    form = AppForm()
    secret = _decrypted(form.encrypted_secret.data or "")
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
    """Removes the authenticator app."""
    if (question := ask_for_proof(url_for("accounts.settings"))) is not None:
        return question
    DeskForm().check()
    factors.turn_off_app(db(), queries.person(db(), me().id), by=me().actor(), now=clock.now())
    return _done("The authenticator app is removed.")


@pages.post("/settings/codes")
@allow()
@unsettled
def renew_codes() -> Response:
    """Makes new recovery codes and shows them, once."""
    if (question := ask_for_proof(url_for("accounts.settings"))) is not None:
        return question
    DeskForm().check()
    codes = factors.renew_codes(db(), queries.person(db(), me().id), by=me().actor(), now=clock.now())
    return _done("The codes you had before no longer work.", codes)


@pages.post("/settings/passkeys/challenge")
@allow()
@unsettled
def new_passkey_challenge() -> Response:
    """Returns the options with which the browser makes a passkey; or, in `leave`, the page that asks for proof."""
    now = clock.now()
    if not me().proven(now):
        return personal(jsonify({"leave": url_for("accounts.proof", next=url_for("accounts.settings"))}))
    known = [each.credential_id for each in queries.factors(reading(), me().id).passkeys]
    challenge, site = second_factor_session.new_challenge(PURPOSE, now, me().id), passkeys.site(database().config)
    wanted = passkeys.creation_options(site, challenge, me().id, email=me().email, name=me().name, known=known)
    return personal(jsonify(wanted))


@pages.post("/settings/passkeys")
@allow()
@unsettled
def add_passkey() -> Response:
    """Stores the new passkey, and shows recovery codes when there were none."""
    if (question := ask_for_proof(url_for("accounts.settings"))) is not None:
        return question
    form = NewPasskeyForm()
    form.check()
    now = clock.now()
    challenge = second_factor_session.take_challenge(PURPOSE, now, me().id)
    if challenge is None:
        raise passkeys.refused()
    made = passkeys.verified_registration(
        passkeys.site(database().config), challenge.value, passkeys.parsed(form.credential.data)
    )
    person = queries.person(reading(), me().id)
    codes = factors.add_passkey(db(), person, made, form.name.data, by=me().actor(), now=now)
    return _done("The passkey is added.", codes)


@pages.post("/settings/passkeys/<int:passkey_id>/remove")
@allow()
@unsettled
def remove_passkey(passkey_id: int) -> Response:
    """Removes a passkey."""
    if (question := ask_for_proof(url_for("accounts.settings"))) is not None:
        return question
    DeskForm().check()
    factors.remove_passkey(db(), queries.person(db(), me().id), passkey_id, by=me().actor(), now=clock.now())
    return _done("The passkey is removed.")


def _done(sentence: str, codes: list[str] | None = None) -> Response:
    """Leads back to the settings; with new recovery codes to the page that shows them, once."""
    if codes:
        return respond("accounts/recovery-codes.html", codes=codes, sentence=sentence)
    flash(sentence)
    return leave_for(url_for("accounts.settings"))


def _app_page(form: AppForm, secret: str, status: int = 200) -> Response:
    import segno

    qr = segno.make(totp.provisioning_uri(secret, me().email), error="m")
    svg = qr.svg_inline(border=0, svgclass="qr", lineclass=None, omitsize=True)
    shown = Markup(svg.replace("<svg ", '<svg role="img" aria-label="QR code for the authenticator app" ', 1))
    return respond("accounts/app.html", status=status, form=form, secret=totp.spaced(secret), qr=shown)


def _encrypted(secret: str) -> str:
    """The secret for a hidden field, until its first code: encrypted, for the current user, for a limited time."""
    until = (clock.now() + PROOF_LIFE).timestamp()
    return database().vault.encrypt(json.dumps({"secret": secret, "person": me().id, "until": until}))


def _decrypted(text: str) -> str:
    """The secret of the hidden field. Raises Invalid when it is too old, another person's, or unreadable."""
    try:
        kept = json.loads(database().vault.decrypt(text))
        valid = kept["person"] == me().id and kept["until"] > clock.now().timestamp()
    except (ValueError, KeyError, TypeError):
        raise Invalid(STALE, code="app.stale") from None
    if not valid:
        raise Invalid(STALE, code="app.stale")
    return str(kept["secret"])
