"""Joining: the ladder in its order, the printed bodies, the pin, and every race."""

import uuid
from urllib.parse import quote

import pytest
from sqlalchemy import select

from app.inspections import actions, chain, queries
from app.inspections.models import Invite
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from tests.api import described
from tests.inspections.conftest import PHONE, SESSIONS, at_once, printed, token_of, wrong


@pytest.fixture
def session(integrator) -> dict:
    return integrator.create(**{**printed("create"), "scheduled_for": None})


@pytest.fixture
def invite(integrator, session) -> dict:
    return integrator.invite(session, **printed("mint"), recipient_phone="+33 6 12 34 56 20")


def test_the_ladder_as_printed(invite, field, integrator, session) -> None:
    answer = field.join(invite)
    assert (answer.status_code, answer.json) == (
        401,
        {
            "detail": "otp_required",
            "channels": ["email", "sms"],
            "channel_hint_email": "al…@policyholder.com",
            "channel_hint_phone": "…20",
        },
    )
    for left in (4, 3, 2, 1):
        answer = field.join(invite, wrong(invite, left))
        assert (answer.status_code, answer.json) == (401, {"detail": "otp_invalid", "attempts_remaining": left})
    for code in (wrong(invite), wrong(invite, 9), invite["otp_code"], None):
        answer = field.join(invite, code)
        assert (answer.status_code, answer.json) == (423, {"detail": "otp_locked"})
    assert integrator.session(session)["status"] == "created"


def test_the_right_code_opens_the_session(invite, field, integrator, session, database) -> None:
    answer = field.join(invite, f" {invite['otp_code'][:3]} {invite['otp_code'][3:]} ")
    assert answer.status_code == 200
    assert list(answer.json) == ["field_session_token", "livekit", "session", "participant", "expires_at"]
    assert answer.json["livekit"] is None
    assert answer.json["expires_at"] == invite["expires_at"]
    assert answer.json["session"]["status"] == "open"
    seen = integrator.session(session)
    assert (seen["status"], seen["started_at"] is not None) == ("open", True)
    with database.read() as db:
        found = queries.links(db, uuid.UUID(session["id"]))
        kept = db.scalars(select(Invite)).one()
    assert [link.kind for link in found] == ["session.created", "invite.minted", "participant.joined"]
    assert chain.verify(found)[0] == 3
    assert kept.field_token_sha256 != answer.json["field_session_token"]
    assert (kept.pin_network, kept.pin_agent, kept.tries) == ("203.0.113.7/32", PHONE, 0)


@pytest.mark.parametrize("code", ["12345", "1234567", "abcdef", "４８７１９２", "0" * 5000, "x'; --", "null"])
def test_anything_that_is_not_the_code_costs_a_try(invite, field, code) -> None:
    raw = code.encode().decode("latin-1")
    assert field.join(invite, raw).json == {"detail": "otp_invalid", "attempts_remaining": 4}


@pytest.mark.parametrize("code", ["", " ", "   ", "-", " – ", "\u200b\u202a", "\u00ad", "'; --"])
def test_an_empty_code_costs_nothing(invite, field, code) -> None:
    raw = code.encode().decode("latin-1")
    assert field.join(invite, raw).json["detail"] == "otp_required"
    assert field.join(invite, wrong(invite)).json["attempts_remaining"] == 4


@pytest.mark.parametrize("zero", ["٠", "۰", "０", "०", "𝟎"])
def test_the_digits_of_every_script_are_digits_and_marks_are_nothing(invite, field, zero) -> None:
    digits = [chr(ord(zero) + int(digit)) for digit in invite["otp_code"]]
    typed = f"\u202a{''.join(digits[:3])}\u2011\u200b{''.join(digits[3:])}\u202c\u00a0"
    assert field.join(invite, (quote(typed) if zero == "٠" else typed).encode().decode("latin-1")).status_code == 200


def test_the_code_lives_ten_minutes(invite, field, clock) -> None:
    clock.move(minutes=10, seconds=1)
    for code in (invite["otp_code"], wrong(invite), None):
        answer = field.join(invite, code)
        assert (answer.status_code, answer.json) == (401, {"detail": "otp_expired"})


def test_the_pin(invite, field, clock) -> None:
    first = field.join(invite, invite["otp_code"])
    again = field.join(invite)
    assert (again.status_code, again.json) == (200, first.json)
    assert field.join(invite, wrong(invite)).status_code == 200
    for elsewhere in ({"address": "203.0.113.8"}, {"agent": PHONE + " "}):
        answer = field.join(invite, invite["otp_code"], **elsewhere)
        assert (answer.status_code, answer.json["detail"], answer.json["code"]) == (403, "join_pinned", "join_pinned")
    clock.move(hours=1)
    assert field.join(invite).status_code == 200


def test_the_pin_of_an_ipv6_address_is_its_first_64_bits(invite, field) -> None:
    assert field.join(invite, invite["otp_code"], address="2001:db8:1:2:aaaa::1").status_code == 200
    assert field.join(invite, address="2001:db8:1:2:ffff::9").status_code == 200
    assert field.join(invite, address="2001:db8:1:3::1").status_code == 403


def test_face_to_face_needs_no_code(integrator, session, field) -> None:
    invite = integrator.invite(session)
    assert field.join(invite).status_code == 200
    assert field.join(invite, address="198.51.100.1").status_code == 403


def test_unknown_links_are_404(invite, session, field, integrator) -> None:
    other = integrator.create()
    for changed in (
        {"join_url": invite["join_url"] + "x"},
        {"session": str(uuid.uuid4())},
        {"session": other["id"]},
        {"session": "nonsense"},
    ):
        answer = field.join({**invite, **changed}, invite["otp_code"])
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
        assert answer.content_type == "application/problem+json"


def test_both_addresses_work_and_head_never_redeems(app, invite, integrator, session) -> None:
    face = integrator.invite(session)
    for prefix in ("", "/api"):
        path = f"{prefix}/v1/sessions/{session['id']}/join/{token_of(face)}"
        assert app.test_client().head(path).status_code == 405
        assert app.test_client().options(path).status_code == 204
        assert app.test_client().post(path).status_code == 405
    assert integrator.session(session)["status"] == "created"
    headers = {"X-Join-OTP": invite["otp_code"], "User-Agent": PHONE}
    path = f"/api/v1/sessions/{session['id']}/join/{token_of(invite)}"
    assert app.test_client().get(path, headers=headers).status_code == 200


def test_every_answer_is_as_the_openapi_document_has_it(invite, field, integrator, session, client, clock) -> None:
    """The printed bodies too, which are no problem documents."""
    late, face = integrator.invite(session, **printed("mint")), integrator.invite(session)

    def answered(wanted: int, *given, **kwargs) -> None:
        answer = field.join(*given, **kwargs)
        assert answer.status_code == wanted
        described.check(client, "inspections", "GET", "/v1/sessions/{session_id}/join/{token}", answer)

    answered(401, invite)
    for n in range(5):
        answered(401 if n < 4 else 423, invite, wrong(invite, n + 1))
    answered(200, face)
    answered(403, face, address="198.51.100.1")
    answered(404, {**face, "session": str(uuid.uuid4())})
    clock.move(minutes=11)
    answered(401, late)
    integrator.end(session)
    answered(410, face)


def test_the_code_is_a_header_that_the_openapi_document_names(client) -> None:
    found = client.get("/api/openapi/inspections.json").get_json()["paths"]["/v1/sessions/{session_id}/join/{token}"]
    assert [each["name"] for each in found["get"]["parameters"] if each["in"] == "header"] == ["X-Join-OTP"]


def test_what_is_allowed_at_a_link_never_names_head(client, session, integrator) -> None:
    path = f"/v1/sessions/{session['id']}/join/{token_of(integrator.invite(session))}"
    for method, status in (("OPTIONS", 204), ("HEAD", 405), ("POST", 405), ("DELETE", 405)):
        answer = client.open(path, method=method)
        assert (answer.status_code, set(answer.headers["Allow"].split(", "))) == (status, {"GET", "OPTIONS"})


def test_secrets_are_in_no_history(invite, field, database, session) -> None:
    field.join(invite, wrong(invite))
    field.join(invite, invite["otp_code"])
    with database.read() as db:
        history = str([tuple(row) for row in timeline(db, "inspection", session["id"])])
    for secret in (invite["otp_code"], wrong(invite), token_of(invite)):
        assert secret not in history


def test_200_wrong_codes_at_once_count_five(invite, field) -> None:
    results = at_once(200, lambda n: (a := field.join(invite, wrong(invite, n + 1))).status_code * 10
                      + a.json.get("attempts_remaining", 0))  # fmt: skip
    assert results == {4014: 1, 4013: 1, 4012: 1, 4011: 1, 4230: 196}
    assert field.join(invite, invite["otp_code"]).status_code == 423


def test_the_right_code_among_wrong_ones_wins_or_finds_it_locked(integrator, session, field) -> None:
    for _ in range(3):
        invite = integrator.invite(session, recipient_email=f"{uuid.uuid4()}@example.com")
        results = at_once(
            24, lambda n, i=invite: field.join(i, i["otp_code"] if n == 6 else wrong(i, n + 1)).status_code
        )
        with_right = results[200] > 0
        assert results[423] == 0 if with_right else results[423] >= 19
        assert results[401] <= 4 or with_right


def test_two_redemptions_from_two_places_let_one_in(integrator, session, field, database) -> None:
    invite = integrator.invite(session, **printed("mint"))
    results = at_once(12, lambda n: field.join(invite, invite["otp_code"], address=f"203.0.113.{n + 1}").status_code)
    assert results == {200: 1, 403: 11}
    with database.read() as db:
        found = queries.links(db, uuid.UUID(session["id"]))
    assert [link.kind for link in found] == ["session.created", "invite.minted", "participant.joined"]


def test_two_redemptions_from_one_place_are_one_join(integrator, session, field, database) -> None:
    invite = integrator.invite(session)
    results = at_once(12, lambda n: (a := field.join(invite)) and (a.status_code, a.json["field_session_token"]))
    assert len(results) == 1
    with database.read() as db:
        assert len(queries.links(db, uuid.UUID(session["id"]))) == 3


def test_two_people_join_one_session_that_opens_once(integrator, session, field, database) -> None:
    invites = [integrator.invite(session) for _ in range(6)]
    results = at_once(6, lambda n: field.join(invites[n]).status_code)
    assert results == {200: 6}
    with database.read() as db:
        rows = timeline(db, "inspection", session["id"])
        assert sum(row.data.get("opened", False) for row in rows) == 1
        assert chain.verify(queries.links(db, uuid.UUID(session["id"])))[0] == 13


def test_join_against_end_gives_one_order(integrator, field, database, cast) -> None:
    for _ in range(4):
        session = integrator.create()
        invite = integrator.invite(session)

        def act(n: int, session=session, invite=invite) -> int:
            if n % 2:
                return field.join(invite).status_code
            with database.write() as db:
                actions.end(db, uuid.UUID(session["id"]), by=cast.actor("otto"), now=now())
            return 0

        results = at_once(8, act)
        assert set(results) <= {0, 200, 410}
        with database.read() as db:
            found = queries.links(db, uuid.UUID(session["id"]))
        assert found[-1].kind == "session.ended"
        chain.verify(found)


@pytest.mark.config(livekit_url="wss://rooms.example.com", livekit_api_key="key", livekit_api_secret="s" * 32)
def test_a_livekit_token_when_a_server_is_configured(invite, field, session) -> None:
    import jwt

    given = field.join(invite, invite["otp_code"]).json["livekit"]
    assert list(given) == ["url", "token", "room", "identity"]
    claims = jwt.decode(given["token"], "s" * 32, algorithms=["HS256"])
    assert (claims["iss"], claims["sub"], claims["name"]) == ("key", given["identity"], "Alex Garcia")
    assert claims["video"] == {"room": given["room"], "roomJoin": True, "canPublish": True, "canSubscribe": True}
    assert given["room"] == f"inspection-{session['id']}"


def test_joining_is_throttled_by_address(field, app) -> None:
    unknown = {"session": str(uuid.uuid4()), "join_url": "http://x/?t=tok_x"}
    statuses = at_once(310, lambda _: field.join(unknown, address="192.0.2.77").status_code)
    assert statuses == {404: 300, 429: 10}
    assert field.join(unknown, address="192.0.2.78").status_code == 404
    assert SESSIONS
