"""What a phone signs, held against what else it signed: a gap is said, and a contradiction is broken."""

import base64
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.inspections import bundle, chain, numbers, people, records, verification
from app.inspections.evidence import signatures
from app.inspections.verification import EXIT_CODES, Result
from app.kernel.store import digest
from tests.cli.running import Desk
from tests.inspections.test_capture import Phone, file, items
from tests.inspections.test_chain import MOMENT, run, unpack
from tests.inspections.test_parts import phone as phone
from tests.inspections.test_parts import session as session

SESSION = "0c8f4d2e-1a3b-4c5d-9e7f-1234567890ab"
NEVER = "0" * 64


@dataclass
class Signer:
    """A phone: its key, and what it signed."""

    participant: str = "anna"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    number: int = 0
    previous: str = NEVER

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, sha256: str, session: str = SESSION, **otherwise: object) -> dict[str, str]:
        """A statement about a file, and its signature as WebCrypto writes it."""
        stated = {
            "format": signatures.FORMAT,
            "session": session,
            "key": digest(self.public),
            "number": self.number + 1,
            "previous": self.previous,
            "sha256": sha256,
            **otherwise,
        }
        statement = json.dumps(stated, separators=(",", ":"))
        self.number, self.previous = stated["number"], digest(statement.encode())
        r, s = decode_dss_signature(self.key.sign(statement.encode(), ec.ECDSA(SHA256())))
        return {"statement": statement, "signature": base64.b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()}


class Recorded:
    """A record in which phones sign what they capture, made event by event."""

    def __init__(self) -> None:
        self.links: list[chain.Link] = []
        self.people: dict[str, str | None] = {}
        self.originals: list[tuple[str, bytes]] = []
        self.add("session.created", session=SESSION)
        self.anna, self.ben = Signer(), Signer("ben")
        for each in (self.anna, self.ben):
            self.enroll(each)

    def add(self, kind: str, **payload: object) -> None:
        head = self.links[-1].hash if self.links else chain.GENESIS
        self.links.append(chain.seal(len(self.links), head, kind, payload, MOMENT))

    def enroll(self, phone: Signer) -> None:
        public = base64.b64encode(phone.public).decode()
        named = {"participant": phone.participant, "key": digest(phone.public), "public": public}
        self.add("device.enrolled", **named, by={"kind": "participant", "participant": phone.participant})

    def capture(self, phone: Signer, text: str, by: str = "", about: str = "", **otherwise: object) -> None:
        """A note that a phone signs; `by` is who sends it, and `about` the other text that is signed in its place."""
        content = text.encode()
        signed = phone.sign(digest((about or text).encode()), **otherwise)
        record = people.particulars({"name": "", **signed})
        self.people[digest(record.encode())] = record
        self.originals.append((f"originals/{digest(content)}.txt", content))
        facts = {"sha256": digest(content), "type": "text/plain", "record": digest(record.encode())}
        sender = by or phone.participant
        self.add("evidence.captured", **facts, by={"kind": "participant", "participant": sender})

    def forget(self, phone: Signer, text: str) -> None:
        """Something is captured, and is deleted before it is sent."""
        phone.sign(digest(text.encode()))

    def finding(self) -> verification.Finding:
        found = signatures.check(SESSION, self.links, self.people)
        assert found is not None
        return found


def good(made: Recorded) -> None:
    for n in range(1, 12):
        made.capture(made.anna, f"anna {n}")
        made.capture(made.ben, f"ben {n}")


def gap(made: Recorded) -> None:
    for n in range(1, 6):
        if n in (2, 4):
            made.forget(made.anna, f"{n}")
        else:
            made.capture(made.anna, f"{n}")


def first_is_missing(made: Recorded) -> None:
    made.forget(made.anna, "1")
    made.capture(made.anna, "2")


def erased_record(made: Recorded) -> None:
    for n in range(3):
        made.capture(made.anna, f"{n}")
    erased = list(made.people)[1]
    made.people[erased] = None
    made.add("record.erased", erased=erased)


def arrived_in_another_order(made: Recorded) -> None:
    first = Signer(key=made.anna.key)
    statement = first.sign(digest(b"1"))
    made.anna.number, made.anna.previous = 1, digest(statement["statement"].encode())
    made.capture(made.anna, "2")
    made.capture(Signer(key=made.anna.key), "1")


def swapped(made: Recorded) -> None:
    made.capture(made.anna, "1", about="2")
    made.capture(made.anna, "2", about="1")


def repeated_number(made: Recorded) -> None:
    made.capture(made.anna, "1")
    made.capture(Signer(key=made.anna.key), "another 1")


def another_before(made: Recorded) -> None:
    made.capture(made.anna, "1")
    made.capture(made.anna, "2", previous=digest(b"another"))


def a_second_beginning(made: Recorded) -> None:
    made.forget(made.anna, "1")
    made.capture(made.anna, "2", previous=NEVER)


def first_with_one_before(made: Recorded) -> None:
    made.capture(made.anna, "1", previous=digest(b"another"))


def unknown_key(made: Recorded) -> None:
    made.capture(Signer(), "1")


def key_of_another_participant(made: Recorded) -> None:
    made.capture(made.ben, "1", by="anna")


def named_afterwards(made: Recorded) -> None:
    late = Signer()
    made.capture(late, "1")
    made.enroll(late)


def flipped(made: Recorded) -> None:
    made.capture(made.anna, "1", about="2")


def number_none(made: Recorded) -> None:
    made.capture(made.anna, "1", number=0)


def former_page_gave_a_number_twice(made: Recorded) -> None:
    made.capture(made.anna, "1", format="session-desk/capture/1")
    made.capture(Signer(key=made.anna.key), "another 1", format="session-desk/capture/1")
    made.capture(made.anna, "2", format="session-desk/capture/1", previous=digest(b"another"))


ALLOWED: dict[Callable[[Recorded], None], tuple[str, str]] = {
    good: ("22 are signed by a phone.", "Signatures of phones hold: 22."),
    gap: ("2 that a phone numbered before others are not among them", "before others, and not here: 2."),
    first_is_missing: ("1 that the phone numbered before others is not", "before others, and not here: 1."),
    erased_record: ("1 that the phone numbered before others is not", "before others, and not here: 1."),
    arrived_in_another_order: ("1 arrived after one captured later.", "captured later: 1."),
    former_page_gave_a_number_twice: ("3 are signed by a phone.", "Signatures of phones hold: 3."),
}
BROKEN: dict[Callable[[Recorded], None], tuple[str, str, str]] = {
    swapped: (
        "Event 4: the signature of the phone is not over",
        "signature_broken",
        "not over the original",
    ),
    repeated_number: (
        "Events 4 and 5: the phone signed both as number",
        "signatures_contradict",
        "both as number 1",
    ),
    another_before: ("Event 5: number 2 of the phone does not follow", "signatures_contradict", "does not follow"),
    a_second_beginning: ("Event 4: number 2 of the phone does not", "signatures_contradict", "does not follow"),
    first_with_one_before: ("Event 4: number 1 of the phone does not", "signatures_contradict", "does not follow"),
    unknown_key: ("Event 4: the chain does not name the key", "signature_broken", "does not name as its sender's"),
    key_of_another_participant: ("by the phone of another", "signature_broken", "does not name as its sender's"),
    named_afterwards: ("Event 4: the chain does not name the key", "signature_broken", "does not name as its sender's"),
    flipped: ("the signature of the phone is not over this file", "signature_broken", "not over the original"),
    number_none: ("the signature of the phone is not over this file", "signature_broken", "not over the original"),
}


def by_script(made: Recorded, folder: Path) -> tuple[int, str]:
    """How the bundle's script ends, and what it writes; the reader of bundles must come to the same."""
    zipped = bundle.bundle(made.links, None, [], made.people, evidence=made.originals)
    done = run(unpack(zipped, folder))
    assert done.stderr == "", done
    assert EXIT_CODES[bundle.read(zipped).verdict(()).result] == done.returncode, done
    return done.returncode, done.stdout


@pytest.mark.parametrize("happens", ALLOWED, ids=lambda each: each.__name__)
def test_it_is_said_and_no_forgery(happens: Callable[[Recorded], None], tmp_path: Path) -> None:
    made, (words, written) = Recorded(), ALLOWED[happens]
    happens(made)
    found = made.finding()
    assert found.result == Result.NOT_PROVEN, found
    assert words in found.sentence
    code, out = by_script(made, tmp_path)
    assert (code, written in out) == (2, True), out
    counted = found.facts["missing"], found.facts["moved"]
    assert ("not here" in out, "captured later" in out) == tuple(map(bool, counted)), out


@pytest.mark.parametrize("tamper", BROKEN, ids=lambda each: each.__name__)
def test_it_is_broken(tamper: Callable[[Recorded], None], tmp_path: Path) -> None:
    made, (words, word, written) = Recorded(), BROKEN[tamper]
    tamper(made)
    found = made.finding()
    assert (found.result, found.word) == (Result.BROKEN, word), found
    assert words in found.sentence
    code, out = by_script(made, tmp_path)
    assert (code, written in out) == (1, True), out


# As it is kept -------------------------------------------------------------------------------------------------------


def send(phone: Phone, signer: Signer, content: bytes, **otherwise: object) -> None:
    public = base64.b64encode(signer.public).decode()
    assert phone.post(f"{phone.place}/device", public=public).json == {"key": digest(signer.public)}
    whole = digest(content)
    phone.post(f"{phone.place}/evidence/parts/{whole}", part=file(content))
    signed = signer.sign(whole, phone.session["id"], **otherwise)
    answer = phone.post(f"{phone.place}/evidence/whole/{whole}", parts=whole, kind="note", **signed).json
    assert answer["added"] == 1, answer


@pytest.mark.parametrize("otherwise", [{"number": 1}, {"previous": "1" * 64}], ids=["number", "previous"])
def test_a_phone_cannot_make_the_record_of_everybody_broken(phone, session, database, otherwise) -> None:
    signer = Signer()
    send(phone, signer, b"one")
    send(phone, signer, b"two", **otherwise)
    first, second = items(database, session)
    assert ("signature" in first.particulars, "signature" in second.particulars) == (True, False)
    with database.read() as db:
        assert records.read(db, uuid.UUID(session["id"])).verdict(()).result == Result.NOT_PROVEN


def test_a_gap_is_said_on_the_page_by_command_and_to_the_public(
    app, phone, session, database, otto, monkeypatch
) -> None:
    signer = Signer()
    send(phone, signer, b"one")
    signer.sign(digest(b"deleted"), session["id"])
    send(phone, signer, b"three")
    sentence = "1 that the phone numbered before others is not among them"
    assert sentence in otto.get(f"/inspections/{session['id']}").text
    desk = Desk(database, monkeypatch)
    assert sentence in desk("verify", session["id"]).stdout
    number = numbers.number_of(uuid.UUID(session["id"]))
    public = app.test_client().get(f"/verify/{number}").text
    assert "Numbered by a phone before others, and not here: 1." in public


def test_a_contradiction_that_lies_in_the_database_is_broken_everywhere(
    app, phone, session, database, otto, monkeypatch
) -> None:
    signer = Signer()
    send(phone, signer, b"one")
    with monkeypatch.context() as unchecked:
        unchecked.setattr(signatures, "contradicts", lambda *_: False)
        send(phone, signer, b"two", number=1)
    sentence = "the phone signed both as number 1"
    assert sentence in otto.get(f"/inspections/{session['id']}").text
    done = Desk(database, monkeypatch)("verify", session["id"])
    assert (done.exit_code, sentence in done.stdout + done.stderr) == (1, True), done
    number = numbers.number_of(uuid.UUID(session["id"]))
    assert "What a phone signed contradicts itself" in app.test_client().get(f"/verify/{number}").text
