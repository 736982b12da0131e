"""The Sessions API of inspections (its document), and what the contract adds to it.

Validation answers 400 at this API, with `field_errors`. The join endpoint needs no key: a link and a code open it, and
it answers the printed bodies even when it refuses.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import unquote

from flask import Response, g, request

from app.accounts.api_auth import inspections_authenticator
from app.inspections import actions, payloads, queries, rules
from app.inspections.models import Invite
from app.kernel.api.routing import Answer, Call, Product, as_uuid
from app.kernel.db import transaction
from app.kernel.errors import NotFound, Refusal
from app.kernel.json_types import JsonObject, to_json


def field_errors(problem: JsonObject, refusal: Refusal) -> None:
    """Adds the member `field_errors`, sentences by field, which clients of this API know. A problem is JSON: `Any`."""
    found: dict[str, list[str]] = {}
    for error in refusal.errors:
        found.setdefault(error.field, []).append(error.detail)
    problem["field_errors"] = found


product = Product(
    "inspections",
    "Sessions API",
    "A Session is one inspection. Create one, mint a field-user invite, capture evidence, end it.",
    inspections_authenticator,
    invalid_status=400,
    extend_problem=field_errors,
    problem=payloads.ProblemWithFields,
)
SESSIONS = "/api/v1/public/sessions"


def find(call: Call) -> queries.SessionRow:
    """The session in the path, if it is this organization's. Raises NotFound."""
    return queries.one(call.reading, as_uuid(call.args["session_id"]), call.organization.id)


def find_participant(call: Call) -> Invite:
    """The invite in the path, of a session of this organization. Raises NotFound."""
    session = find(call)
    return queries.invite(call.reading, as_uuid(call.args["participant_id"]), session.id)


@product.route(
    "POST",
    SESSIONS,
    scope="sessions:write",
    body=payloads.NewSession,
    answer=(201, payloads.SessionObject),
    summary="Create a session",
    refusals=(402,),
)
def create_session(call: Call) -> dict[str, object]:
    """Returns the freshly-created Session object."""
    body: payloads.NewSession = call.body
    inspection = actions.create(
        call.db,
        organization_id=call.organization.id,
        by=call.by,
        now=call.now,
        notes=body.notes,
        scheduled_for=body.scheduled_for,
        locale=body.locale,
        campaign_id=body.campaign,
        subjects=rules.SUBJECTS if body.subjects is None else body.subjects,
    )
    return payloads.session(inspection, call.now)


@product.route(
    "GET",
    SESSIONS,
    scope="sessions:read",
    query=payloads.ListQuery,
    answer=(200, payloads.SessionPage),
    summary="List sessions",
)
def list_sessions(call: Call) -> dict[str, object]:
    """Newest first. Pass cursor from the previous response's next_cursor to page."""
    rows, cursor = queries.wire_page(call.db, call.organization.id, call.query.limit, call.query.cursor)
    data = [payloads.session(row, call.now) for row in rows]
    return {"data": data, "has_more": cursor is not None, "next_cursor": cursor}


@product.route(
    "GET",
    f"{SESSIONS}/<session_id>",
    scope="sessions:read",
    find=find,
    answer=(200, payloads.SessionObject),
    summary="Retrieve a session",
)
def retrieve_session(call: Call) -> dict[str, object]:
    """One session."""
    return payloads.session(call.found, call.now)


@product.route(
    "POST",
    f"{SESSIONS}/<session_id>/end",
    scope="sessions:write",
    find=find,
    answer=(200, payloads.SessionObject),
    summary="End a session",
    refusals=(409,),
)
def end_session(call: Call) -> dict[str, object]:
    """Closes the session and has the head of its chain stamped. Idempotent: a closed session is answered as it is."""
    return payloads.session(actions.end(call.db, call.found.id, by=call.by, now=call.now), call.now)


@product.route(
    "POST",
    f"{SESSIONS}/<session_id>/participants",
    scope="participants:write",
    body=payloads.NewParticipant,
    find=find,
    answer=(201, payloads.ParticipantObject),
    summary="Mint a field-user invite",
    refusals=(409,),
)
def mint_invite(call: Call) -> Answer:
    """The join_url and otp_code are shown exactly once in the response.

    A replay under the same Idempotency-Key shows them again only within the code's ten minutes.
    """
    body: payloads.NewParticipant = call.body
    minted = actions.invite(call.db, call.found.id, by=call.by, now=call.now, **body.model_dump())
    return _shown_once(minted, call.now)


def _shown_once(minted: actions.Minted, now: datetime) -> Answer:
    until = minted.invite.otp_expires_at or now + rules.OTP_LIFE
    return Answer(
        payloads.participant(minted.invite, minted.join_url, minted.otp_code),
        secret_until=until,
        later=payloads.participant(minted.invite, None, None),
    )


class ParticipantList(payloads.Object):
    """The invites of a session, newest first, without secrets."""

    data: list[payloads.ParticipantObject]


@product.route(
    "GET",
    f"{SESSIONS}/<session_id>/participants",
    scope="participants:read",
    find=find,
    answer=(200, ParticipantList),
    summary="List the invites of a session",
)
def list_participants(call: Call) -> dict[str, object]:
    """Invites of this session, newest first. join_url and otp_code are always null here."""
    found = queries.invites(call.db, call.found.id)
    return {"data": [payloads.participant(invite, None, None) for invite in found]}


@product.route(
    "POST",
    f"{SESSIONS}/<session_id>/participants/<participant_id>/reissue",
    scope="participants:write",
    find=find_participant,
    answer=(200, payloads.ParticipantObject),
    summary="Issue a new link and code",
    refusals=(409,),
)
def reissue_invite(call: Call) -> Answer:
    """Kills the old link, code and field session, and sends new ones. This also unlocks a locked invite."""
    return _shown_once(actions.reissue(call.db, call.found, by=call.by, now=call.now), call.now)


@product.route(
    "POST",
    f"{SESSIONS}/<session_id>/participants/<participant_id>/new_code",
    scope="participants:write",
    find=find_participant,
    answer=(200, payloads.ParticipantObject),
    summary="Send a new code",
    refusals=(409,),
)
def renew_code(call: Call) -> Answer:
    """A fresh code for the same link, good for ten minutes; not for a locked or redeemed invite. join_url is null."""
    return _shown_once(actions.new_code(call.db, call.found, by=call.by, now=call.now), call.now)


@product.route(
    "POST",
    f"{SESSIONS}/<session_id>/participants/<participant_id>/revoke",
    scope="participants:write",
    find=find_participant,
    answer=(200, payloads.ParticipantObject),
    summary="Take an invite back",
    refusals=(409,),
)
def revoke_invite(call: Call) -> dict[str, object]:
    """The link, the code and a field session opened with them are dead at once."""
    return payloads.participant(actions.revoke(call.db, call.found, by=call.by, now=call.now), None, None)


@product.route(
    "GET",
    "/v1/sessions/<session_id>/join/<token>",
    "/api/v1/sessions/<session_id>/join/<token>",
    authenticated=False,
    limit=rules.JOINS_A_MINUTE,
    answer=(200, payloads.Joined),
    summary="Join with an invite",
    refusals=(403, 404, 409, 410),
    printed={401: payloads.CodeRefused, 423: payloads.CodeLocked},
    headers={"X-Join-OTP": "The code that the recipient was sent: six digits."},
)
def join(call: Call) -> Response:
    """Redeems an invite. Send the code in the header `X-Join-OTP`, never in the address.

    401 `otp_required`, `otp_invalid` (with `attempts_remaining`) or `otp_expired`; 403 `join_pinned`; 410 when the
    invite or the session is over; 423 `otp_locked` after five wrong codes. HEAD never redeems.
    """
    inspection_id, token = as_uuid(call.args["session_id"]), call.args["token"]
    wanted: JsonObject = {
        "code": rules.typed_code(_decoded(request.headers.get("X-Join-OTP", ""))),
        "visitor": actions.Visitor.of(call.by.address, request.headers.get("User-Agent"), call.by.request_id, "api"),
        "now": call.now,
    }
    outcome = actions.join_outcome(call.db, inspection_id, token, **wanted)
    if outcome is None:
        with transaction.side_transaction() as db:
            outcome = actions.join(db, inspection_id, token, **wanted)
    return answer(outcome)


def _decoded(header: str) -> str:
    """The text of a header, percent-encoded as browsers must send it, or in UTF-8, which WSGI hands over as Latin-1."""
    try:
        return unquote(header.encode("latin-1").decode())
    except UnicodeError:
        return unquote(header)


REFUSALS = {
    403: "This link is already in use elsewhere.",
    409: "Try again.",
    410: "This link no longer lets anybody in.",
}


def answer(outcome: actions.Outcome) -> Response:
    """The printed bodies as printed; the refusals the document does not print carry the usual members as well."""
    if outcome.status == 404:
        raise NotFound("This link is not known.")
    body, headers = dict(outcome.body), {"Cache-Control": "no-store"}
    if outcome.status in REFUSALS:
        title = REFUSALS[outcome.status]
        body |= {
            "type": "about:blank",
            "title": title,
            "status": outcome.status,
            "code": outcome.reason,
            "request_id": g.get("request_id", ""),
            "field_errors": {},
        }
    if outcome.status == 401:
        headers["WWW-Authenticate"] = 'JoinOTP header="X-Join-OTP"'
    kind = "application/problem+json" if outcome.status in REFUSALS else "application/json"
    return Response(to_json(body), outcome.status, content_type=kind, headers=headers)
