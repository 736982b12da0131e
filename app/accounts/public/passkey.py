"""Signing in with a passkey alone: the device has asked who is there, so nothing else is needed."""

from flask import Response, jsonify, request

from app.accounts import passkeys, queries, second_factor_session
from app.accounts.access import public
from app.accounts.actions import factors
from app.accounts.forms import PasskeyForm
from app.accounts.guard import safe_next
from app.accounts.models import Person
from app.accounts.public import acting_as, enter, limiter, public_pages, sign_in_page
from app.accounts.throttle import arrive
from app.kernel import clock
from app.kernel.api.rate_limits import refuse
from app.kernel.db.transaction import commit_despite_refusal, database, db, reading
from app.kernel.errors import Invalid
from app.kernel.web.htmx import personal

PURPOSE = "sign-in"


@public_pages.post("/sign-in/passkey/challenge")
@public
def passkey_challenge() -> Response:
    """What the browser is to sign, with whichever passkey the person chooses."""
    refuse(arrive(limiter(), request.remote_addr or ""))
    challenge = second_factor_session.challenge(PURPOSE, clock.now())
    return personal(jsonify(passkeys.request(passkeys.site(database().config), challenge)))


@public_pages.post("/sign-in/passkey")
@public
def sign_in_with_passkey() -> Response:
    """Checks the answer and signs in; the same words for unknown, refused and outdated passkeys."""
    refuse(arrive(limiter(), request.remote_addr or ""))
    form = PasskeyForm()
    kept, target = request.form.get("kept", ""), safe_next(form.next.data)
    person = proven(form.credential.data) if form.validate_on_submit() else None
    if person is None:
        return sign_in_page(next=target or "", kept=kept, problem=passkeys.REFUSED, status=422)
    return enter(person, "passkey", next=target, kept=kept)


def proven(answer: str, person_id: int | None = None, purpose: str = PURPOSE) -> Person | None:
    """Who answered this browser's challenge with their passkey; with `person_id` nobody but that person.

    Uses the challenge up, whatever comes of it.
    """
    now = clock.now()
    challenge = second_factor_session.taken(purpose, now, person_id)
    if challenge is None:
        return None
    try:
        said = passkeys.answered(answer)
        found = queries.passkey(reading(), said["id"])
        if found is None or person_id not in (None, found[1].id):
            return None
        passkey, person = found
        site = passkeys.site(database().config)
        count = passkeys.signed(site, challenge.value, said, person_id=person.id, public_key=passkey.public_key)
    except Invalid:
        return None
    by = acting_as(person)
    if factors.use_passkey(db(), passkey, challenge.value, challenge.expires_at, count, by=by, now=now):
        return person
    commit_despite_refusal()  # the refusal answers 422, and history is to know why
    return None
