"""Create a session: as printed, bad input, billing, the free plan's five."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.accounts.models import Organization
from app.accounts.rules import LOCALES
from app.inspections import actions, chain, queries
from app.inspections.models import Campaign
from app.kernel.clock import iso, now
from app.kernel.errors import PaymentRequired
from tests.inspections.conftest import SESSIONS, at_once, printed


def test_the_printed_request_gives_the_printed_answer(integrator) -> None:
    answer = integrator.post(SESSIONS, printed("create"), Idempotency_Key=str(uuid.uuid4()))
    assert answer.status_code == 201
    assert list(answer.json) == list(printed("session"))
    assert {k: answer.json[k] for k in printed("create")} == printed("create")
    assert answer.json | {"status": 0, "id": 0, "created_at": 0, "updated_at": 0} == {
        **printed("create"),
        "id": 0,
        "status": 0,
        "operator_email": "desk@marston.example.com",
        "started_at": None,
        "ended_at": None,
        "consent_state": {},
        "campaign": None,
        "created_at": 0,
        "updated_at": 0,
    }


def test_a_past_schedule_reads_expired_and_has_no_reminders(integrator, outbox) -> None:
    assert integrator.create(scheduled_for=iso(now() - timedelta(days=3)))["status"] == "created"
    assert outbox.rows("job:inspections.remind") == []


def test_an_empty_body_makes_a_session_that_starts_now(pilot) -> None:
    session = pilot.create()
    assert (session["notes"], session["scheduled_for"], session["locale"]) == ("", None, "fr")
    assert session["status"] == "created"


def test_null_means_omitted_and_unknown_members_are_ignored(integrator) -> None:
    session = integrator.create(notes=None, scheduled_for=None, locale=None, campaign=None, status="closed", x=[1])
    assert (session["notes"], session["locale"], session["status"]) == ("", "en", "created")


@pytest.mark.parametrize("locale", LOCALES)
def test_each_of_the_14_locales(integrator, locale) -> None:
    assert integrator.create(locale=locale)["locale"] == locale


def test_offsets_are_understood(integrator) -> None:
    assert integrator.create(scheduled_for="2026-05-23T12:00:00.900+02:00")["scheduled_for"] == "2026-05-23T10:00:00Z"


@pytest.mark.parametrize(
    ("first", "outside"),
    [
        ("1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z"),
        ("2199-12-31T23:59:59Z", "2200-01-01T00:00:00Z"),
        ("2199-12-31T20:00:00-03:59", "2199-12-31T20:00:00-04:00"),
    ],
)
def test_the_years_that_the_refusal_names_are_taken_whole(integrator, client, cast, first, outside) -> None:
    session = integrator.create(scheduled_for=first)
    answer = integrator.post(SESSIONS, {"scheduled_for": outside})
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (400, "range")
    cast.sign_in(client, "otto")
    assert client.get(f"/inspections/{session['id']}").status_code == 200
    assert client.get("/inspections").status_code == 200


@pytest.mark.parametrize("notes", ["é — ‮rtl", "👩‍👩‍👧", "a\nb\tc", "<script>alert(1)</script>", " " * 9, "x" * 4000])
def test_text_round_trips_exactly(integrator, notes) -> None:
    assert integrator.session(integrator.create(notes=notes))["notes"] == notes


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scheduled_for": "2026-05-23T10:00:00"}, "scheduled_for"),
        ({"scheduled_for": "2026-05-23"}, "scheduled_for"),
        ({"scheduled_for": "tomorrow"}, "scheduled_for"),
        ({"scheduled_for": 1779530400}, "scheduled_for"),
        ({"scheduled_for": "2026-02-30T10:00:00Z"}, "scheduled_for"),
        ({"scheduled_for": "9999-12-31T23:59:59-12:00"}, "scheduled_for"),
        ({"scheduled_for": "0001-01-01T00:00:00+14:00"}, "scheduled_for"),
        ({"scheduled_for": ["2026-05-23T10:00:00Z"]}, "scheduled_for"),
        ({"locale": "xx"}, "locale"),
        ({"locale": "FR"}, "locale"),
        ({"locale": 5}, "locale"),
        ({"notes": 5}, "notes"),
        ({"notes": ["a"]}, "notes"),
        ({"notes": "a\x00b"}, "notes"),
        ({"notes": "x" * 4001}, "notes"),
        ({"campaign": "not-a-uuid"}, "campaign"),
        ({"campaign": str(uuid.uuid4())}, "campaign"),
        ({"campaign": {"id": 1}}, "campaign"),
    ],
)
def test_bad_input_is_400_and_names_the_field(integrator, body, field) -> None:
    answer = integrator.post(SESSIONS, body)
    assert (answer.status_code, list(answer.json["field_errors"])) == (400, [field])
    assert answer.json["errors"][0]["field"] == field
    assert answer.content_type == "application/problem+json"
    assert integrator.get(SESSIONS).json["data"] == []


@pytest.mark.parametrize(
    "raw", [b"{", b"[]", b'"x"', b'{"notes": NaN}', b'{"notes": "\xff"}', b"[" * 5000, b'{"notes": "\\ud800"}']
)
def test_what_is_no_json_object_is_400(integrator, raw) -> None:
    headers = {"Authorization": f"Bearer {integrator.key}", "Content-Type": "application/json"}
    assert integrator.client.post(SESSIONS, data=raw, headers=headers).status_code == 400


def test_a_campaign_of_the_organization_is_kept_and_a_foreign_one_is_unknown(integrator, stranger, database, cast):
    with database.write() as db:
        mine = actions.create_campaign(db, organization_id=cast.marston.id, name="Hail", now=now()).id
    assert integrator.create(campaign=str(mine))["campaign"] == str(mine)
    foreign, random = (stranger.post(SESSIONS, {"campaign": str(id)}) for id in (mine, uuid.uuid4()))
    assert (foreign.status_code, random.status_code) == (400, 400)
    assert foreign.json["errors"] == random.json["errors"]
    assert Campaign.__tablename__ == "campaigns"


def test_the_chain_begins_with_session_and_organization(integrator, database) -> None:
    session = integrator.create()
    with database.read() as db:
        (first,) = queries.links(db, uuid.UUID(session["id"]))
        inspection = queries.get(db, uuid.UUID(session["id"]))
    by = '{"account":"1","kind":"key","name":"Marston & Vale"}'
    used = '["camera","gps","recording"]'
    payload = f'{{"by":{by},"organization":"marston","session":"{session["id"]}","subjects":{used}}}'
    assert first.payload == payload
    assert chain.verify([first], length=inspection.chain_length, head=inspection.chain_head) == (1, first.hash)


def test_past_due_is_402(integrator, database, cast) -> None:
    with database.write() as db:
        db.execute(update(Organization).where(Organization.id == cast.marston.id).values(billing="past_due"))
    answer = integrator.post(SESSIONS, {})
    assert (answer.status_code, answer.json["code"]) == (402, "billing.subscription_past_due")


def test_the_sixth_of_a_pilot_is_402_whatever_became_of_the_others(pilot, integrator) -> None:
    pilot.end(pilot.create())
    integrator.end(integrator.create())  # another organization's, which counts for nobody else
    for _ in range(4):
        pilot.end(pilot.create())
    answer = pilot.post(SESSIONS, {})
    assert (answer.status_code, answer.json["code"]) == (402, "billing.free_plan_minutes_exhausted")


def test_fifth_free_inspection_under_parallel_creates(database, cast) -> None:
    def create(_: int) -> str:
        try:
            with database.write() as db:
                actions.create(db, organization_id=cast.fern.id, by=cast.actor("otto"), now=now())
        except PaymentRequired as refused:
            return refused.code
        return "created"

    assert at_once(24, create) == {"created": 5, "billing.free_plan_minutes_exhausted": 19}


def test_one_idempotency_key_makes_one_session(integrator) -> None:
    key = str(uuid.uuid4())
    ids = at_once(6, lambda _: integrator.app.test_client().post(
        SESSIONS, json={"notes": "a"}, headers={"Authorization": f"Bearer {integrator.key}", "Idempotency-Key": key}
    ).json["id"])  # fmt: skip
    assert (len(ids), sum(ids.values())) == (1, 6)
    assert len(integrator.get(SESSIONS).json["data"]) == 1


def test_scopes_and_strangers(integrator, cast, app) -> None:
    read_only = cast.key("inspections", "marston", "sessions:read")
    answer = app.test_client().post(SESSIONS, json={}, headers={"Authorization": f"Bearer {read_only}"})
    assert (answer.status_code, answer.json["code"]) == (403, "permission_denied")
    assert answer.json["field_errors"] == {"required_scope": ["sessions:write"]}
    assert app.test_client().post(SESSIONS, json={}).status_code == 401
    both = {"Authorization": f"Bearer nb_pub_anything:{integrator.key}"}
    assert app.test_client().post(SESSIONS, json={}, headers=both).status_code == 201
