"""The second step of a sign-in: a code of the app, a recovery code or a passkey, after the correct password."""

from flask import Response, jsonify, request

from app.accounts import passkeys, queries, second_factor_session
from app.accounts.access import public
from app.accounts.actions import factors
from app.accounts.forms import PasskeyForm, SecondStepForm
from app.accounts.guard import safe_next
from app.accounts.public import (
    RESTORED,
    actor_for,
    complete_sign_in,
    count_sign_in,
    public_pages,
    second_step_expired,
    second_step_page,
    too_many_attempts,
)
from app.accounts.public.passkey import PURPOSE, verified_person
from app.kernel import clock
from app.kernel.db.transaction import database, db, reading
from app.kernel.errors import Invalid
from app.kernel.web.htmx import personal

WRONG = "This code is not right, or it was used already. Wait for the next one, or use another recovery code."
EXPIRED = "The second step took too long. Begin again with your password."


@public_pages.get("/sign-in/second")
@public
def second_step() -> Response:
    """Shows the form of the second factor."""
    person = second_factor_session.pending_person(reading(), clock.now())
    return second_step_page(person, next=request.args.get("next")) if person else second_step_expired()


def again(target: str, kept: str) -> Response:
    """The form with a new token, while the password that came before it counts."""
    person = second_factor_session.pending_person(reading(), clock.now())
    if person is None:
        return second_step_expired()
    return second_step_page(person, next=target, kept=kept, problem=RESTORED, status=403)


@public_pages.post("/sign-in/second")
@public
def take_second_step() -> Response:
    """Checks a code and signs in. Of two uses of one code one wins."""
    now = clock.now()
    person = second_factor_session.pending_person(reading(), now)
    if person is None:
        return second_step_expired()
    form = SecondStepForm()
    kept = request.form.get("kept", "")
    if not form.validate_on_submit():
        return second_step_page(person, form, kept=kept, status=422)
    attempt = count_sign_in(person.email)
    if not attempt.allowed:
        answer = second_step_page(person, form, kept=kept, problem=too_many_attempts(attempt), status=429)
        answer.headers["Retry-After"] = str(attempt.retry_after)
        return answer
    how = factors.use_code(db(), person, form.one_time_code.data, by=actor_for(person), now=now)
    if how is None:
        return second_step_page(person, form, kept=kept, problem=WRONG, status=422)
    return complete_sign_in(person, how, next=form.next.data, kept=kept)


@public_pages.post("/sign-in/second/challenge")
@public
def second_step_challenge() -> Response:
    """Returns the options with which the browser signs with one of this person's passkeys."""
    now = clock.now()
    person = second_factor_session.pending_person(reading(), now)
    if person is None:
        raise Invalid(EXPIRED, code="sign_in.over")
    known = [each.credential_id for each in queries.factors(reading(), person.id).passkeys]
    challenge = second_factor_session.new_challenge(PURPOSE, now, person.id)
    return personal(jsonify(passkeys.request_options(passkeys.site(database().config), challenge, known)))


@public_pages.post("/sign-in/second/passkey")
@public
def take_passkey_step() -> Response:
    """Checks a passkey of the person who gave the password, and signs in."""
    person = second_factor_session.pending_person(reading(), clock.now())
    if person is None:
        return second_step_expired()
    form = PasskeyForm()
    kept, target = request.form.get("kept", ""), safe_next(form.next.data)
    if not form.validate_on_submit() or verified_person(form.credential.data, person.id) is None:
        return second_step_page(person, next=target, kept=kept, problem=passkeys.REFUSED, status=422)
    return complete_sign_in(person, "passkey", next=target, kept=kept)
