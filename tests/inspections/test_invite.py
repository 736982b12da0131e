"""Mint, renew, reissue, revoke an invite: as printed, two messages, replays, refusals, races."""

import uuid
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.inspections import actions, queries
from app.inspections.models import Invite, WrongCodes
from app.kernel.clock import now
from app.kernel.errors import Conflict
from tests.inspections.conftest import SESSIONS, at_once, printed, token_of, wrong
from tests.inspections.pages import send
from tests.inspections.test_field_pages import Browser, place


def participants(session) -> str:
    return f"{SESSIONS}/{session['id']}/participants"


def test_the_printed_request_gives_the_printed_answer(integrator, clock) -> None:
    session = integrator.create(**printed("create"))
    del session
    session = integrator.create()
    answer = integrator.post(participants(session), printed("mint"))
    assert (answer.status_code, list(answer.json)) == (201, list(printed("participant")))
    invite = answer.json
    asked = {k: v for k, v in printed("mint").items() if k.startswith("recipient")}
    assert {k: invite[k] for k in asked} == asked
    assert (invite["role"], invite["otp_required"], invite["recipient_phone"]) == ("field", True, "")
    assert invite["session"] == session["id"]
    assert invite["join_url"].startswith(f"http://localhost:8000/join/{session['id']}/?t=tok_")
    assert len(token_of(invite)) > 30
    assert invite["otp_code"].isdigit()
    assert len(invite["otp_code"]) == 6


def test_names_addresses_and_telephones_are_taken_as_people_type_them(integrator) -> None:
    invite = integrator.invite(
        integrator.create(),
        recipient_first_name="\u202eAlex\u202c",
        recipient_last_name="\u3164",
        recipient_email="\u200balex@policyholder.com\ufeff",
        recipient_phone="\u202a+33\u00a06 12\u201134 56 ٢٠\u202c",
    )
    assert (invite["recipient_first_name"], invite["recipient_last_name"]) == ("Alex", "")
    assert (invite["recipient_email"], invite["recipient_phone"]) == ("alex@policyholder.com", "+33 6 12-34 56 20")


@pytest.mark.parametrize(("minutes", "seconds"), [("60.0", 3600), ("6e1", 3600), ("43200.0", 43200 * 60)])
def test_a_whole_number_may_be_written_with_a_fraction_of_zero(integrator, client, minutes, seconds) -> None:
    """JSON Schema calls 60.0 an integer, and so does the OpenAPI document; programs without integers write it so."""
    session = integrator.create()
    headers = {"Authorization": f"Bearer {integrator.key}", "Content-Type": "application/json"}
    answer = client.post(participants(session), headers=headers, data=f'{{"ttl_minutes": {minutes}}}')
    assert answer.status_code == 201
    ends, made = (datetime.fromisoformat(answer.json[name]) for name in ("expires_at", "created_at"))
    assert (ends - made).total_seconds() == seconds
    for wrong_number in ("60.5", "4.0", "43201.0", "1e300", "-60.0", "true", '"60"'):
        refused = client.post(participants(session), headers=headers, data=f'{{"ttl_minutes": {wrong_number}}}')
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (400, "ttl_minutes")


def test_link_and_code_leave_in_two_messages_in_the_sessions_language(integrator, outbox, database) -> None:
    session = integrator.create(locale="fr", notes="Dégât <b>des</b> eaux")
    invite = integrator.invite(session, **printed("mint"))
    link, code = outbox.emails("alex@policyholder.com")
    if invite["otp_code"] in link["text"]:
        link, code = code, link
    assert invite["join_url"] in link["text"]
    assert invite["join_url"] in link["html"]
    assert "Dégât <b>des</b> eaux" in link["text"]
    assert "Dégât &lt;b&gt;des&lt;/b&gt; eaux" in link["html"]
    assert "votre lien" in link["subject"]
    assert token_of(invite) not in code["text"] + code["html"] + code["subject"]
    assert invite["otp_code"] in code["text"]
    assert invite["otp_code"] not in link["text"] + link["html"] + link["subject"]
    rows = outbox.deliver_all()
    assert all(row.secret and row.payload == {} for row in rows if row.channel == "email")
    with database.read() as db:
        row = db.scalars(select(Invite)).one()
        kept = " ".join(str(value) for value in vars(row).values())
    assert token_of(invite) not in kept
    assert invite["otp_code"] != row.otp_hash


def test_send_email_false_stops_the_link_and_not_the_code(integrator, outbox) -> None:
    invite = integrator.invite(integrator.create(), **{**printed("mint"), "send_email": False})
    (code,) = outbox.emails()
    assert invite["otp_code"] in code["text"]


def test_a_phone_gets_both_as_text_messages(integrator, outbox) -> None:
    invite = integrator.invite(integrator.create(), recipient_phone="+33 6 12 34 56 78")
    first, second = (row.payload for row in outbox.rows("sms"))
    assert {first["to"], second["to"]} == {"+33612345678"}
    assert sorted([invite["join_url"] in first["body"], invite["join_url"] in second["body"]]) == [False, True]
    assert invite["otp_required"] is True


def test_a_national_number_is_dialled_in_the_country_of_the_organization(integrator, outbox) -> None:
    invite = integrator.invite(integrator.create(), recipient_phone="(٥٥٥) 010–4477")
    assert invite["recipient_phone"] == "(555) 010-4477"
    assert {row.payload["to"] for row in outbox.rows("sms")} == {"+15550104477"}


def test_two_spellings_of_one_telephone_share_their_wrong_codes(integrator, field, database) -> None:
    session = integrator.create()
    for phone in ("555 010 4477", "+1 555 010 4477"):
        invite = integrator.invite(session, recipient_phone=phone)
        assert field.join(invite, wrong(invite)).json["detail"] == "otp_invalid"
    with database.read() as db:
        assert db.scalars(select(WrongCodes.n)).all() == [2]


def test_mail_and_phone_get_the_code_and_the_mail_the_link(integrator, outbox) -> None:
    integrator.invite(integrator.create(), recipient_phone="+33612345678", recipient_email="a@example.com")
    assert (len(outbox.rows("sms")), len(outbox.rows("email"))) == (1, 2)


def test_face_to_face_has_no_code(integrator, outbox) -> None:
    invite = integrator.invite(integrator.create(), recipient_email="", recipient_phone=None, ttl_minutes=5)
    assert (invite["otp_required"], invite["otp_code"], invite["otp_expires_at"]) == (False, None, None)
    assert outbox.rows("email") + outbox.rows("sms") == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"recipient_email": "nobody"}, "recipient_email"),
        ({"recipient_email": "a@example.com, b@example.com"}, "recipient_email"),
        ({"recipient_email": "a@example.com\nBcc: x@example.com"}, "recipient_email"),
        ({"recipient_email": 5}, "recipient_email"),
        ({"recipient_phone": "call me"}, "recipient_phone"),
        ({"recipient_phone": "12"}, "recipient_phone"),
        ({"recipient_first_name": "x" * 101}, "recipient_first_name"),
        ({"recipient_last_name": "a\nb"}, "recipient_last_name"),
        ({"recipient_last_name": "\x00"}, "recipient_last_name"),
        ({"send_email": "true"}, "send_email"),
        ({"ttl_minutes": 4}, "ttl_minutes"),
        ({"ttl_minutes": 43201}, "ttl_minutes"),
        ({"ttl_minutes": 10.5}, "ttl_minutes"),
        ({"ttl_minutes": "60"}, "ttl_minutes"),
        ({"ttl_minutes": 2**63}, "ttl_minutes"),
        ({"ttl_minutes": True}, "ttl_minutes"),
    ],
)
def test_bad_input_is_400_and_names_the_field(integrator, outbox, body, field) -> None:
    answer = integrator.post(participants(integrator.create()), body)
    assert (answer.status_code, list(answer.json["field_errors"])) == (400, [field])
    assert outbox.rows("email") + outbox.rows("sms") == []


def test_a_replay_shows_the_secrets_for_ten_minutes_and_never_again(integrator, clock, outbox) -> None:
    session, key = integrator.create(), str(uuid.uuid4())
    first = integrator.post(participants(session), printed("mint"), Idempotency_Key=key)
    clock.move(minutes=9)
    again = integrator.post(participants(session), printed("mint"), Idempotency_Key=key)
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"
    clock.move(minutes=2)
    late = integrator.post(participants(session), printed("mint"), Idempotency_Key=key)
    assert (late.status_code, late.json) == (201, {**first.json, "join_url": None, "otp_code": None})
    assert len(outbox.emails()) == 2


def test_new_code_keeps_the_link_and_starts_afresh(integrator, field, clock) -> None:
    session = integrator.create()
    invite = integrator.invite(session, **printed("mint"))
    assert field.join(invite, wrong(invite)).json["attempts_remaining"] == 4
    clock.move(minutes=11)
    assert field.join(invite, invite["otp_code"]).json == {"detail": "otp_expired"}
    fresh = integrator.post(f"{participants(session)}/{invite['id']}/new_code").json
    assert (fresh["join_url"], fresh["id"]) == (None, invite["id"])
    assert field.join(invite, wrong(fresh)).json["attempts_remaining"] == 4
    assert field.join(invite, fresh["otp_code"]).status_code == 200
    refused = integrator.post(f"{participants(session)}/{invite['id']}/new_code")
    assert (refused.status_code, refused.json["code"]) == (409, "invite.joined")


def test_reissue_kills_link_code_pin_and_field_session(integrator, field, database, outbox) -> None:
    session = integrator.create()
    invite = integrator.invite(session, **printed("mint"))
    token = field.join(invite, invite["otp_code"]).json["field_session_token"]
    fresh = integrator.post(f"{participants(session)}/{invite['id']}/reissue").json
    assert fresh["join_url"] != invite["join_url"]
    assert field.join(invite, invite["otp_code"]).status_code == 404
    with database.read() as db:
        assert queries.invite_by_field_token(db, uuid.UUID(session["id"]), token) is None
    assert field.join(fresh, fresh["otp_code"], address="198.51.100.9", agent="Other").status_code == 200
    assert len(outbox.emails()) == 4


def test_reissue_unlocks_but_not_beyond_twenty_wrong_codes(integrator, field) -> None:
    session = integrator.create()
    path = participants(session)
    invite = integrator.invite(session, **printed("mint"))
    for round in range(4):
        answers = [field.join(invite, wrong(invite, step)) for step in range(1, 7)]
        assert [a.status_code for a in answers] == [401, 401, 401, 401, 423, 423], round
        assert field.join(invite, invite["otp_code"]).json == {"detail": "otp_locked"}
        assert integrator.post(f"{path}/{invite['id']}/new_code").json["code"] in (
            "invite.locked",
            "invite.too_many_wrong_codes",
        )
        if round < 3:
            answer = integrator.post(f"{path}/{invite['id']}/reissue")
            assert answer.status_code == 200
            invite = answer.json
    refused = integrator.post(f"{path}/{invite['id']}/reissue")
    assert (refused.status_code, refused.json["code"]) == (409, "invite.too_many_wrong_codes")
    refused = integrator.post(path, {"recipient_email": "ALEX@policyholder.com"})
    assert (refused.status_code, refused.json["code"]) == (409, "invite.too_many_wrong_codes")
    assert integrator.post(path, {"recipient_email": "another@example.com"}).status_code == 201


def test_revoke_twice(integrator, field) -> None:
    session = integrator.create()
    invite = integrator.invite(session, **printed("mint"))
    path = f"{participants(session)}/{invite['id']}"
    assert integrator.post(f"{path}/revoke").status_code == 200
    assert integrator.post(f"{path}/revoke").json["code"] == "invite.revoked"
    assert integrator.post(f"{path}/reissue").json["code"] == "invite.revoked"
    assert integrator.post(f"{path}/new_code").json["code"] == "invite.revoked"
    answer = field.join(invite, invite["otp_code"])
    assert (answer.status_code, answer.json["detail"]) == (410, "join_revoked")


def test_the_list_of_invites_shows_no_secrets(integrator) -> None:
    session = integrator.create()
    invite = integrator.invite(session, **printed("mint"))
    (listed,) = integrator.get(participants(session)).json["data"]
    assert listed == {**invite, "join_url": None, "otp_code": None}


def test_two_reissues_at_once_leave_one_living_link(integrator, database, cast) -> None:
    session = integrator.create()
    invite = integrator.invite(session, **printed("mint"))
    with database.read() as db:
        seen = queries.invite(db, uuid.UUID(invite["id"]), uuid.UUID(session["id"]))

    def reissue(_: int) -> str:
        try:
            with database.write() as db:
                actions.reissue(db, seen, by=cast.actor("otto"), now=now())
        except Conflict:
            return "lost"
        return "won"

    assert at_once(10, reissue) == {"won": 1, "lost": 9}


def test_an_invite_outlives_neither_its_time_nor_its_session(integrator, field, clock) -> None:
    invite = integrator.invite(integrator.create(), ttl_minutes=5)
    clock.move(minutes=6)
    assert field.join(invite).json["detail"] == "join_expired"
    invite = integrator.invite(integrator.create(), ttl_minutes=43200)
    clock.move(hours=25)
    answer = field.join(invite)
    assert (answer.status_code, answer.json["detail"]) == (410, "session_expired")


def test_scopes(integrator, cast, app) -> None:
    session = integrator.create()
    key = cast.key("inspections", "marston", "sessions:write", "participants:read")
    headers = {"Authorization": f"Bearer {key}"}
    client = app.test_client()
    assert client.post(participants(session), json={}, headers=headers).status_code == 403
    assert client.get(participants(session), headers=headers).status_code == 200
    assert timedelta(minutes=5)


@pytest.mark.parametrize("role", ["observer", "auditor"])
def test_who_looks_on_is_asked_for_nothing(integrator, field, otto, agreed, database, role) -> None:
    send(otto, agreed, "start_recording")
    invite = integrator.invite(agreed, role=role)
    joined = field.join(invite, address="198.51.100.7")
    assert (joined.status_code, joined.json["participant"]["role"]) == (200, role)
    assert integrator.session(agreed)["status"] == "recording", "their arrival ends no recording"
    assert integrator.session(agreed)["consent_state"]["recording"] == "granted"
    phone = Browser(field.app)
    other = integrator.invite(agreed, role=role)
    assert phone.post(f"{place(other)}/", t=token_of(other)).location == f"{place(other)}/room"
    assert "You look on" in phone.get(f"{place(other)}/room").text
    assert phone.get(f"{place(other)}/consent").location == f"{place(other)}/room"
    phone.post(f"{place(other)}/consent", camera="denied", gps="denied", recording="denied", wording="x")
    assert integrator.session(agreed)["consent_state"]["recording"] == "granted"
    assert f"of an {role}" in otto.get(f"/inspections/{agreed['id']}").text


@pytest.mark.parametrize("role", ["Field", "host", "", 7, ["field"]])
def test_another_role_is_refused(integrator, role) -> None:
    session = integrator.create()
    refused = integrator.post(f"{SESSIONS}/{session['id']}/participants", {"role": role})
    assert (refused.status_code, list(refused.json["field_errors"])) == (400, ["role"])
