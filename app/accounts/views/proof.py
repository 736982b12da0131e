"""Proof of identity before a change of how one signs in: password, code or passkey, at most every fifteen minutes."""

from flask import Response, current_app, jsonify, request, url_for

from app.accounts import passkeys, passwords, queries, second_factor_session
from app.accounts.access import allow, me, unsettled
from app.accounts.actions import factors, sign_ins
from app.accounts.forms import PasskeyForm, ProofForm
from app.accounts.guard import safe_next
from app.accounts.public.passkey import verified_person
from app.accounts.throttle import count_proof, reset_proof
from app.accounts.views import pages
from app.kernel import clock
from app.kernel.api.rate_limits import refuse
from app.kernel.db.transaction import database, db, reading
from app.kernel.errors import FieldError, Invalid
from app.kernel.web.htmx import leave_for, personal, respond

PURPOSE = "proof"
WRONG = {
    "password": "This is not your password. Nothing was changed.",
    "one_time_code": "This code is not right, or it was used already. Nothing was changed.",
}


def ask_for_proof(next: str) -> Response | None:
    """A redirect to the proof page, or None when the current user has proved their identity recently."""
    return None if me().proven(clock.now()) else leave_for(url_for("accounts.proof", next=next))


@pages.get("/settings/proof")
@allow()
@unsettled
def proof() -> Response:
    """Shows the form for the password, a code or a passkey."""
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
    """Checks the password or the code, with the limits of a sign-in."""
    form = ProofForm()
    form.check()
    if not form.password.data and not form.one_time_code.data:
        _refuse("password", "Type your password, or a code.")
    limiter = current_app.extensions["limiter"]
    refuse(count_proof(limiter, me().id, request.remote_addr or ""))
    now, person = clock.now(), queries.person(reading(), me().id)
    if form.password.data:
        correct, field = passwords.matches(person.password_hash, form.password.data), "password"
    else:
        correct, field = factors.use_app_code(db(), person.id, form.one_time_code.data, now=now), "one_time_code"
    if not correct:
        _refuse(field, WRONG[field])
    reset_proof(limiter, me().id)
    return _continue(form.next.data)


@pages.post("/settings/proof/challenge")
@allow()
@unsettled
def proof_challenge() -> Response:
    """Returns the options with which the browser signs with one of the current user's passkeys."""
    known = [each.credential_id for each in queries.factors(reading(), me().id).passkeys]
    challenge = second_factor_session.new_challenge(PURPOSE, clock.now(), me().id)
    return personal(jsonify(passkeys.request_options(passkeys.site(database().config), challenge, known)))


@pages.post("/settings/proof/passkey")
@allow()
@unsettled
def prove_with_passkey() -> Response:
    """Checks a passkey of the current user."""
    form = PasskeyForm()
    form.check()
    if verified_person(form.credential.data, me().id, PURPOSE) is None:
        raise passkeys.refused()
    return _continue(form.next.data)


def _continue(target: str | None) -> Response:
    sign_ins.prove(db(), me().sign_in_id, now=clock.now())
    return leave_for(safe_next(target) or url_for("accounts.settings"))


def _refuse(field: str, sentence: str) -> None:
    raise Invalid(sentence, errors=[FieldError(field, "wrong", sentence)])
