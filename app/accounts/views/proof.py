"""Showing again who one is: what changing how one signs in asks for, once in fifteen minutes."""

from flask import Response, current_app, jsonify, request, url_for

from app.accounts import passkeys, passwords, queries, second_factor_session
from app.accounts.access import allow, me, unsettled
from app.accounts.actions import factors, sign_ins
from app.accounts.forms import PasskeyForm, ProofForm
from app.accounts.guard import safe_next
from app.accounts.public.passkey import proven
from app.accounts.throttle import forgive, hit
from app.accounts.views import pages
from app.kernel import clock
from app.kernel.api.rate_limits import refuse
from app.kernel.db.transaction import database, db, reading
from app.kernel.errors import FieldError, Invalid
from app.kernel.web.htmx import leave_for, personal, respond

PURPOSE = "proof"
WRONG = "This is not right, or the code was used already. Nothing was changed."


def asked(next: str) -> Response | None:
    """The way to the page that asks, unless this person has just shown who they are."""
    return None if me().proven(clock.now()) else leave_for(url_for("accounts.proof", next=next))


@pages.get("/settings/proof")
@allow()
@unsettled
def proof() -> Response:
    """Asks for the password, a code, or a passkey."""
    target = safe_next(request.args.get("next")) or ""
    return respond(
        "accounts/proof.html",
        form=ProofForm(formdata=None, next=target),
        passkey=PasskeyForm(formdata=None, next=target),
        factors=queries.factors(db(), me().id),
    )


@pages.post("/settings/proof")
@allow()
@unsettled
def prove() -> Response:
    """Checks the password or the code, as often as a sign-in may try."""
    form = ProofForm()
    form.check()
    if not form.password.data and not form.one_time_code.data:
        _refuse("password", "Type your password, or a code.")
    limiter = current_app.extensions["limiter"]
    refuse(hit(limiter, me().email, request.remote_addr or ""))
    now, person = clock.now(), queries.person(reading(), me().id)
    if form.password.data:
        right, field = passwords.matches(person.password_hash, form.password.data), "password"
    else:
        right, field = factors.use_app_code(db(), person.id, form.one_time_code.data, now=now), "one_time_code"
    if not right:
        _refuse(field, WRONG)
    forgive(limiter, me().email)
    return _go_on(form.next.data)


@pages.post("/settings/proof/challenge")
@allow()
@unsettled
def proof_challenge() -> Response:
    """What the browser is to sign with one of this person's passkeys."""
    known = [each.credential_id for each in queries.factors(reading(), me().id).passkeys]
    challenge = second_factor_session.challenge(PURPOSE, clock.now(), me().id)
    return personal(jsonify(passkeys.request(passkeys.site(database().config), challenge, known)))


@pages.post("/settings/proof/passkey")
@allow()
@unsettled
def prove_with_passkey() -> Response:
    """Checks a passkey of this person."""
    form = PasskeyForm()
    form.check()
    if proven(form.credential.data, me().id, PURPOSE) is None:
        raise passkeys.refused()
    return _go_on(form.next.data)


def _go_on(target: str | None) -> Response:
    sign_ins.prove(db(), me().sign_in_id, now=clock.now())
    return leave_for(safe_next(target) or url_for("accounts.settings"))


def _refuse(field: str, sentence: str) -> None:
    raise Invalid(sentence, errors=[FieldError(field, "wrong", sentence)])
