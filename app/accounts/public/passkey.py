"""Sign-in with a passkey alone: the device has verified the user, so no other factor is needed."""

from flask import Response, jsonify, request

from app.accounts import passkeys, queries, second_factor_session
from app.accounts.access import public
from app.accounts.actions import factors
from app.accounts.forms import PasskeyForm
from app.accounts.guard import safe_next
from app.accounts.models import Person
from app.accounts.public import actor_for, complete_sign_in, limiter, public_pages, sign_in_page
from app.accounts.throttle import count_network
from app.kernel import clock
from app.kernel.api.rate_limits import refuse
from app.kernel.db.transaction import commit_despite_refusal, database, db, reading
from app.kernel.errors import Invalid
from app.kernel.web.htmx import personal

PURPOSE = "sign-in"


@public_pages.post("/sign-in/passkey/challenge")
@public
def passkey_challenge() -> Response:
    """Returns the options with which the browser signs with any passkey of its devices."""
    refuse(count_network(limiter(), request.remote_addr or ""))
    challenge = second_factor_session.new_challenge(PURPOSE, clock.now())
    return personal(jsonify(passkeys.request_options(passkeys.site(database().config), challenge)))


@public_pages.post("/sign-in/passkey")
@public
def sign_in_with_passkey() -> Response:
    """Checks the response and signs in; one refusal for unknown, refused and outdated passkeys."""
    refuse(count_network(limiter(), request.remote_addr or ""))
    form = PasskeyForm()
    kept, target = request.form.get("kept", ""), safe_next(form.next.data)
    person = verified_person(form.credential.data) if form.validate_on_submit() else None
    if person is None:
        return sign_in_page(next=target or "", kept=kept, problem=passkeys.REFUSED, status=422)
    return complete_sign_in(person, "passkey", next=target, kept=kept)


def verified_person(response: str, person_id: int | None = None, purpose: str = PURPOSE) -> Person | None:
    """The person whose passkey signed this browser's challenge; with `person_id` only that person.

    Uses the challenge up in every case.
    """
    now = clock.now()
    challenge = second_factor_session.take_challenge(purpose, now, person_id)
    if challenge is None:
        return None
    try:
        assertion = passkeys.parsed(response)
        found = queries.passkey(reading(), assertion["id"])
        if found is None or person_id not in (None, found[1].id):
            return None
        passkey, person = found
        site = passkeys.site(database().config)
        count = passkeys.verified_sign_count(
            site, challenge.value, assertion, person_id=person.id, public_key=passkey.public_key
        )
    except Invalid:
        return None
    by = actor_for(person)
    if factors.use_passkey(db(), passkey, challenge.value, challenge.expires_at, count, by=by, now=now):
        return person
    commit_despite_refusal()  # the response is a 422, and the event stays
    return None
