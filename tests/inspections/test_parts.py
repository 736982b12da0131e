"""Files that come in parts: in any order, twice, of another session, after the end; and what a phone signs."""

import base64
import json
import uuid
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.inspections import records
from app.inspections.evidence import leftovers, rules, signatures
from app.kernel.clock import now
from app.kernel.store import digest, store_at
from tests.inspections import pages
from tests.inspections.test_capture import PLACED, Phone, chained, file, items, stored
from tests.inspections.test_chain import run, unpack

CUTS = (0, 100, 250, len(PLACED))
PARTS = [PLACED[start:end] for start, end in pairwise(CUTS)]
SUMS = [digest(part) for part in PARTS]
WHOLE = digest(PLACED)


@pytest.fixture
def session(integrator) -> dict:
    return integrator.create()


@pytest.fixture
def phone(app, integrator, session) -> Phone:
    phone = Phone(app, integrator, session)
    phone.allow()
    phone.headers["Accept"] = "application/json"
    return phone


def part(phone: Phone, content: bytes, whole: str = WHOLE):
    return phone.post(f"{phone.place}/evidence/parts/{whole}", part=file(content))


def have(phone: Phone, whole: str = WHOLE):
    return phone.get(f"{phone.place}/evidence/parts/{whole}").json


def join(phone: Phone, sums=SUMS, whole: str = WHOLE, **more: str):
    return phone.post(f"{phone.place}/evidence/whole/{whole}", parts=",".join(sums), name="a.jpg", **more).json


def test_parts_in_any_order_and_twice_are_one_file(phone, session, database) -> None:
    for n in (2, 0, 2):
        assert part(phone, PARTS[n]).json == {"kept": SUMS[n]}
    assert have(phone) == {"have": sorted([SUMS[0], SUMS[2]]), "known": False}
    assert join(phone)["results"][0]["reason"] == "incomplete"
    assert part(phone, PARTS[1]).json == {"kept": SUMS[1]}
    assert join(phone)["added"] == 1
    assert have(phone) == {"have": [], "known": True}
    assert join(phone)["results"][0]["reason"] == "known", "asked again because the answer was lost"
    (found,) = items(database, session)
    assert stored(database, session, found.sha256) == PLACED
    assert not store_at(database.config.evidence_url).names(f"parts/{session['id']}"), "no part is left"


def test_parts_of_another_phone_or_session_are_not_found(phone, app, integrator, session) -> None:
    others = [Phone(app, integrator, session, address="203.0.113.8"), Phone(app, integrator, integrator.create())]
    for each in PARTS:
        part(phone, each)
    for other in others:
        other.allow()
        other.headers["Accept"] = "application/json"
        assert have(other)["have"] == []
        assert join(other)["results"][0]["reason"] == "incomplete"
    assert join(phone)["added"] == 1


@pytest.mark.parametrize(
    ("sums", "whole", "reason"),
    [
        ([*SUMS, "x"], WHOLE, "damaged"),
        ([], WHOLE, "damaged"),
        (SUMS[::-1], WHOLE, "damaged"),
        (SUMS[:2], WHOLE, "damaged"),
        (SUMS, "../" + WHOLE[:61], "damaged"),
        (["0" * 64], WHOLE, "incomplete"),
        (SUMS * 43, WHOLE, "damaged"),
    ],
)
def test_what_does_not_make_the_file_is_refused(phone, session, database, sums, whole, reason) -> None:
    for each in PARTS:
        part(phone, each)
    before = pages.state(database, session)
    answer = phone.post(f"{phone.place}/evidence/whole/{whole}", parts=",".join(sums), name="a.jpg")
    assert answer.status_code == 404 if "/" in whole else answer.json["results"][0]["reason"] == reason
    assert pages.state(database, session) == before


def test_after_the_end_no_part_is_taken_of_a_phone_whose_key_the_chain_does_not_name(
    phone, integrator, session, database
) -> None:
    part(phone, PARTS[0])
    integrator.end(session)
    for late in (part(phone, PARTS[1]), phone.post(f"{phone.place}/evidence/whole/{WHOLE}", parts=SUMS[0])):
        assert (late.status_code, late.json["over"]) == (410, "session_ended")
    assert items(database, session) == []


def test_a_part_that_is_empty_or_too_large_is_refused(phone, monkeypatch) -> None:
    monkeypatch.setattr(rules, "PART", 100)
    assert part(phone, b"").json["results"][0]["reason"] == "damaged"
    assert part(phone, b"x" * 101).json["results"][0]["reason"] == "damaged"
    assert part(phone, b"x", "no-hash").json["results"][0]["reason"] == "damaged"


def made(phone: Phone, pieces: list[str], whole: str = WHOLE):
    return phone.post(f"{phone.place}/evidence/parts/{whole}", pieces=",".join(pieces))


def test_pieces_make_a_part_and_leave_nothing_of_themselves(phone, session, database) -> None:
    """An upload that began in whole parts goes on in pieces where the line became too slow."""
    part(phone, PARTS[0])
    pieces = [PARTS[1][:70], PARTS[1][70:]]
    names = [part(phone, each).json["kept"] for each in pieces]
    assert made(phone, names).json == {"kept": SUMS[1]}
    assert have(phone)["have"] == sorted(SUMS[:2])
    assert made(phone, names).json["results"][0]["reason"] == "incomplete", "asked again because the answer was lost"
    assert have(phone)["have"] == sorted(SUMS[:2]), "which the phone finds out here"
    part(phone, PARTS[2])
    assert join(phone)["added"] == 1
    (found,) = items(database, session)
    assert stored(database, session, found.sha256) == PLACED


@pytest.mark.parametrize(
    ("times", "ending", "reason"),
    [(2, "", "damaged"), (65, "", "damaged"), (0, "", "damaged"), (1, "x", "damaged"), (1, "0" * 64, "incomplete")],
)
def test_what_makes_no_part_is_refused(phone, monkeypatch, times, ending, reason) -> None:
    monkeypatch.setattr(rules, "PART", 150)
    kept = part(phone, b"x" * 100).json["kept"]
    answer = made(phone, [kept] * times + [ending] * bool(ending))
    assert answer.json["results"][0]["reason"] == reason
    assert have(phone)["have"] == [kept]


def test_no_part_is_made_of_the_pieces_of_another_phone_or_file(phone, app, integrator, session) -> None:
    names = [part(phone, each).json["kept"] for each in PARTS]
    other = Phone(app, integrator, session, address="203.0.113.8")
    other.allow()
    other.headers["Accept"] = "application/json"
    for answer in (made(other, names), made(phone, names, "0" * 64)):
        assert answer.json["results"][0]["reason"] == "incomplete"


def test_parts_whose_phone_never_came_back_go_after_days(phone, session, database, tmp_path) -> None:
    database.config = replace(database.config, evidence_url=str(tmp_path / "own"))  # others have parts of today
    for each in PARTS[:2]:
        part(phone, each)
    kept = store_at(database.config.evidence_url)
    mine = f"parts/{session['id']}"
    leftovers.delete_old_parts(kept, now())
    assert len(kept.names(mine)) == 2
    assert leftovers.delete_old_parts(kept, now() + timedelta(days=4)) == 2
    assert kept.names(mine) == {}


def test_bundles_that_a_killed_worker_of_an_earlier_version_left_go_after_days(tmp_path) -> None:
    names = ("bundle-k3_x9ab0.zip", "bundle-7K3M-Q2XD-9FTB.zip", "bundle-.zip", "other.zip")
    for name in names:
        (tmp_path / name).write_bytes(b"originals")
    (tmp_path / "bundle-abcdefgh.zip").mkdir()
    assert leftovers.delete_old_bundles(tmp_path, now()) == 0, "it may be at work"
    assert leftovers.delete_old_bundles(tmp_path, now() + timedelta(days=4)) == 1
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted({*names[1:], "bundle-abcdefgh.zip"})


# What a phone signs --------------------------------------------------------------------------------------------------


KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def signed(session, otherwise, key=KEY) -> dict[str, str]:
    """A statement about the file, and its signature as WebCrypto writes it."""
    stated = {
        "format": "session-desk/capture/1",
        "session": session["id"],
        "key": digest(PUBLIC),
        "number": 1,
        "previous": "0" * 64,
        "sha256": WHOLE,
        **otherwise,
    }
    statement = json.dumps(stated)
    r, s = decode_dss_signature(key.sign(statement.encode(), ec.ECDSA(SHA256())))
    return {"statement": statement, "signature": base64.b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()}


def enroll(phone: Phone, public: bytes = PUBLIC):
    return phone.post(f"{phone.place}/device", public=base64.b64encode(public).decode()).json


def test_what_the_phone_signed_is_kept_beside_the_file(phone, session, database) -> None:
    assert [enroll(phone) for _ in range(2)] == [{"key": digest(PUBLIC)}] * 2
    named = chained(database, session, "device.enrolled")
    assert [(each["key"], base64.b64decode(each["public"])) for each in named] == [(digest(PUBLIC), PUBLIC)]
    for each in PARTS:
        part(phone, each)
    sent = signed(session, {})
    assert join(phone, **sent)["added"] == 1
    assert items(database, session)[0].particulars.items() >= sent.items()


@pytest.mark.parametrize("wrong", [False, True])
def test_signatures_are_verified_with_the_record_and_by_the_script(
    phone, session, database, otto, tmp_path, monkeypatch, wrong
) -> None:
    enroll(phone)
    for each in PARTS:
        part(phone, each)
    sent = signed(session, {})
    with monkeypatch.context() as patched:
        if wrong:  # it came before its signature was looked at
            patched.setattr(signatures, "is_signed", lambda *_, **__: True)
            sent["statement"] = sent["statement"].replace('"number": 1', '"number": 2')
        assert join(phone, **sent)["added"] == 1
    assert "signature" in items(database, session)[0].particulars
    with database.read() as db:
        verdict = records.read(db, uuid.UUID(session["id"])).verdict(())
    ran = run(unpack(otto.get(f"/inspections/{session['id']}/chain.zip").data, tmp_path))
    if wrong:
        assert "not over this file" in verdict.fault
        assert (ran.returncode, "the signature of the phone is not over" in ran.stdout) == (1, True), ran
    else:
        assert "1 piece of evidence is signed" in verdict.files[1].sentence
        assert (ran.returncode, "Signatures of phones hold: 1." in ran.stdout, ran.stderr) == (2, True, ""), ran


@pytest.mark.parametrize(
    "otherwise",
    [{"sha256": "0" * 64}, {"session": "another"}, {"key": "0" * 64}, {"format": "x"}, {"number": "1"}, {"flipped": 1}],
)
def test_what_was_signed_about_something_else_is_not_kept_and_the_file_is(phone, session, database, otherwise) -> None:
    enroll(phone)
    for each in PARTS:
        part(phone, each)
    sent = signed(session, otherwise)
    if "flipped" in otherwise:
        sent["statement"] = sent["statement"].replace('"number": 1', '"number": 2')
    assert join(phone, **sent)["added"] == 1
    assert "signature" not in items(database, session)[0].particulars


def test_no_other_key_is_taken(phone, session, database) -> None:
    curve = ec.generate_private_key(ec.SECP384R1()).public_key()
    for wrong in (b"", b"none", curve.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)):
        assert enroll(phone, wrong)["results"][0]["reason"] == "damaged"
    assert chained(database, session, "device.enrolled") == []
