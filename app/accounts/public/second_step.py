"""The second step of signing in: a code of the app, a recovery code, or a passkey, after the right password."""

from flask import Response, jsonify, request

from app.accounts import passkeys, queries, second_factor_session
from app.accounts.access import public
from app.accounts.actions import factors
from app.accounts.forms import PasskeyForm, SecondStepForm
from app.accounts.guard import safe_next
from app.accounts.public import acting_as, enter, limiter, public_pages, second_step_page, too_late, wait_sentence
from app.accounts.public.passkey import PURPOSE, proven
from app.accounts.throttle import hit
from app.kernel import clock
from app.kernel.db.transaction import database, db, reading
from app.kernel.errors import Invalid
from app.kernel.web.htmx import personal

WRONG = "This code is not right, or it was used already. Wait for the next one, or use another recovery code."
OVER = "The second step took too long. Begin again with your password."


@public_pages.get("/sign-in/second")
@public
def second_step() -> Response:
    """Asks for it."""
    person = second_factor_session.remembered(reading(), clock.now())
    return second_step_page(person, next=request.args.get("next")) if person else too_late()


@public_pages.post("/sign-in/second")
@public
def take_second_step() -> Response:
    """Checks a code and signs in. Of two uses of one code one wins."""
    now = clock.now()
    person = second_factor_session.remembered(reading(), now)
    if person is None:
        return too_late()
    form = SecondStepForm()
    kept = request.form.get("kept", "")
    if not form.validate_on_submit():
        return second_step_page(person, form, kept=kept, status=422)
    tries = hit(limiter(), person.email, request.remote_addr or "")
    if not tries.allowed:
        answer = second_step_page(person, form, kept=kept, problem=wait_sentence(tries), status=429)
        answer.headers["Retry-After"] = str(tries.retry_after)
        return answer
    how = factors.use_code(db(), person, form.one_time_code.data, by=acting_as(person), now=now)
    if how is None:
        return second_step_page(person, form, kept=kept, problem=WRONG, status=422)
    return enter(person, how, next=form.next.data, kept=kept)


@public_pages.post("/sign-in/second/challenge")
@public
def second_step_challenge() -> Response:
    """What the browser is to sign with one of this person's passkeys."""
    now = clock.now()
    person = second_factor_session.remembered(reading(), now)
    if person is None:
        raise Invalid(OVER, code="sign_in.over")
    known = [each.credential_id for each in queries.factors(reading(), person.id).passkeys]
    challenge = second_factor_session.challenge(PURPOSE, now, person.id)
    return personal(jsonify(passkeys.request(passkeys.site(database().config), challenge, known)))


@public_pages.post("/sign-in/second/passkey")
@public
def take_passkey_step() -> Response:
    """Checks a passkey of whoever gave the password, and signs in."""
    person = second_factor_session.remembered(reading(), clock.now())
    if person is None:
        return too_late()
    form = PasskeyForm()
    kept, target = request.form.get("kept", ""), safe_next(form.next.data)
    if not form.validate_on_submit() or proven(form.credential.data, person.id) is None:
        return second_step_page(person, next=target, kept=kept, problem=passkeys.REFUSED, status=422)
    return enter(person, "passkey", next=target, kept=kept)
