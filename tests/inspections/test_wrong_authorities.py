"""Everything that a time-stamping authority may do wrong, in one table: what arrives, what is kept of it, and what the
page, the command, the bundle's script and the public page say. The second test has the same replies in the database,
as if the check at their arrival had let them pass."""

import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ExtendedKeyUsage, load_pem_x509_certificate, load_pem_x509_certificates
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder
from sqlalchemy import insert

from app.inspections import anchors, numbers, queries
from app.inspections.locales import TRANSLATIONS
from app.inspections.models import Anchor, AnchorState
from app.inspections.report import facts, reading
from app.inspections.verification import EXIT_CODES, Result
from app.kernel.db.engine import Database
from tests.cli.running import Desk
from tests.inspections.authority import Authority, openssl
from tests.inspections.test_chain import run, unpack
from tests.inspections.test_tampering import TITLES

ANOTHER = b"\x5a" * 32
"""A hash that is not our statement's."""
REJECTED = bytes.fromhex("30053003020102")
"""TimeStampResp with status 2 (rejection) and no token."""


def digest_in(question: bytes) -> bytes:
    """The imprint that a question asks about."""
    return question[question.index(b"\x04\x20") + 2 :][:32]


@dataclass
class WrongAuthority(Authority):
    """An authority that does one thing wrong; `strange` has another root."""

    wrong: str = ""
    strange: Authority | None = field(default=None)

    def stamp(self, question: bytes) -> bytes:
        if self.wrong == "nonce":
            asked = ("-digest", digest_in(question).hex(), "-sha256", "-cert", "-out", "own.tsq")
            openssl(self.folder, "ts", "-query", *asked)
            question = (self.folder / "own.tsq").read_bytes()
        if self.wrong == "imprint":
            question = question.replace(digest_in(question), ANOTHER)
        if self.wrong == "certificate" and self.strange is not None:
            return self.strange.stamp(question)
        reply = super().stamp(question)
        return self.for_servers(reply) if self.wrong == "EKU" else reply

    def for_servers(self, reply: bytes) -> bytes:
        """The reply with a certificate of the same key, name and number that is for servers; `openssl ts` does not
        stamp with one."""
        leaf = load_pem_x509_certificate((self.folder / "leaf.pem").read_bytes())
        key = serialization.load_pem_private_key((self.folder / "root.key").read_bytes(), None)
        made = x509.CertificateBuilder(leaf.issuer, leaf.subject, leaf.public_key(), leaf.serial_number)
        made = made.not_valid_before(leaf.not_valid_before_utc).not_valid_after(leaf.not_valid_after_utc)
        for each in leaf.extensions:
            usage = isinstance(each.value, ExtendedKeyUsage)
            value = ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]) if usage else each.value
            made = made.add_extension(value, each.critical)
        der = serialization.Encoding.DER
        before, after = leaf.public_bytes(der), made.sign(key, hashes.SHA256()).public_bytes(der)
        assert len(before) == len(after)
        assert before in reply
        return reply.replace(before, after)


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong: what is kept as the reason, whether the authority is asked again, and the verdict on
    the reply if it lay in the database all the same; None where there is nothing that could."""

    name: str
    reason: str
    again: bool
    kept: Result | None


FAULTS = (
    Fault("nonce", "The answer belongs to another question.", True, Result.PROVEN),
    Fault("imprint", "The authority stamped something else than our statement.", False, Result.BROKEN),
    Fault("certificate", "The answer does not lead to a configured root certificate", True, Result.NOT_PROVEN),
    Fault("EKU", "The certificate of the answer is not one for time stamps.", True, Result.NOT_PROVEN),
    Fault("policy", "stamped under the policy 1.2.3.4.1 instead of 1.3.6.1.", True, Result.PROVEN),
    Fault("clock", "differs from ours by more than 0:05:00.", True, Result.PROVEN),
    Fault("status", "The authority refused to stamp.", False, Result.BROKEN),
    Fault("garbage", "The answer cannot be read as a time stamp.", True, Result.BROKEN),
    Fault("slow", "could not be reached.", True, None),
    Fault("down", "answered with status 503.", True, None),
)
every_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda each: each.name)


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WrongAuthority, Authority]]:
    """The authority that the reader trusts, which does wrong, and a stranger's."""
    strange = Authority(tmp_path_factory.mktemp("stranger"))
    ours = WrongAuthority(tmp_path_factory.mktemp("authority"), strange=strange)
    server = ours.serve()
    yield ours, strange
    ours.stop.set()
    server.shutdown()
    server.server_close()


@dataclass
class Shown:
    """What each place says of one session."""

    page: str
    public: str
    command: int
    file: int
    script: subprocess.CompletedProcess


@pytest.fixture
def look_everywhere(
    app: Any, otto: Any, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Shown]:
    """Asks every place about a session."""

    def ask(session: dict[str, Any], root: Path) -> Shown:
        monkeypatch.setenv("TSA_ROOTS", str(root))
        desk, place = Desk(database, monkeypatch), f"/inspections/{session['id']}"
        content = otto.get(f"{place}/chain.zip").data
        (tmp_path / "bundle.zip").write_bytes(content)
        return Shown(
            otto.get(place).text,
            app.test_client().get(f"/verify/{numbers.number_of(uuid.UUID(session['id']))}").text,
            desk("verify", session["id"]).exit_code,
            desk("verify", str(tmp_path / "bundle.zip")).exit_code,
            run(unpack(content, tmp_path / "bundle"), str(root)),
        )

    return ask


def ended(authority: Authority, integrator: Any, database: Database, fragment: str = "") -> dict[str, Any]:
    """A session that has ended and asks this authority, whose root is trusted."""
    trusted = tuple(load_pem_x509_certificates((authority.folder / "root.pem").read_bytes()))
    database.config = replace(database.config, tsa_urls=(authority.url + fragment,), tsa_roots=trusted)
    session: dict[str, Any] = integrator.create()
    integrator.end(session)
    return session


def check(found: Shown, expected: Result) -> None:
    """Every place says the same."""
    assert ("This record does not hold." in found.page) == (expected == Result.BROKEN)
    assert ("a configured root vouches for that" in found.page) == (expected == Result.PROVEN)
    assert TITLES[expected] in found.public
    codes = (found.command, found.file, found.script.returncode)
    assert codes == (EXIT_CODES[expected],) * 3, found.script


@every_fault
def test_what_arrives_is_judged_at_once(
    fault: Fault,
    authorities: tuple[WrongAuthority, Authority],
    integrator: Any,
    database: Database,
    outbox: Any,
    clock: Any,
    look_everywhere: Callable[..., Shown],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, _ = authorities
    ours.wrong = fault.name
    session = ended(ours, integrator, database, "#1.3.6.1" if fault.name == "policy" else "")
    if fault.name == "clock":
        clock.move(minutes=10)
    if fault.name == "slow":
        monkeypatch.setattr(anchors, "SECONDS", 0.2)
    answers: dict[str, int | bytes | str] = {"status": REJECTED, "garbage": b"garbage", "slow": "hang", "down": 503}
    ours.answers = [answers[fault.name]] * 3 if fault.name in answers else []
    outbox.deliver_all()
    ours.answers = []
    with database.read() as db:
        (kept,) = queries.anchors(db, uuid.UUID(session["id"]))
    assert kept.reply is None, "nothing is kept as a stamp"
    assert fault.reason in kept.reason
    assert kept.state == (AnchorState.PENDING if fault.again else AnchorState.FAILED)
    found = look_everywhere(session, ours.folder / "root.pem")
    assert fault.reason in found.page
    assert ("It will not be asked again by itself." in found.page) != fault.again
    check(found, Result.NOT_PROVEN)


@pytest.mark.parametrize("fault", [each for each in FAULTS if each.kept is not None], ids=lambda each: each.name)
def test_a_reply_that_lies_in_the_database_all_the_same_is_judged_at_every_look(
    fault: Fault,
    authorities: tuple[WrongAuthority, Authority],
    integrator: Any,
    database: Database,
    clock: Any,
    look_everywhere: Callable[..., Shown],
) -> None:
    ours, _ = authorities
    ours.wrong = fault.name
    if fault.name == "clock":
        clock.move(minutes=10)
    session = ended(ours, integrator, database)
    with database.write() as db:
        (asked,) = queries.anchors(db, uuid.UUID(session["id"]))
        asking = TimestampRequestBuilder().data(asked.statement.encode())
        question = asking.hash_algorithm(HashAlgorithm.SHA256).nonce().build()
        plain = {"status": REJECTED, "garbage": b"garbage"}
        reply = plain.get(fault.name) or ours.stamp(question.as_bytes())
        stored = {
            Anchor.id: asked.id,
            Anchor.inspection_id: uuid.UUID(session["id"]),
            Anchor.authority: asked.authority,
            Anchor.kind: asked.kind,
            Anchor.statement: asked.statement,
            Anchor.reply: reply,
            Anchor.stamped_at: datetime.now(UTC),
            Anchor.created_at: datetime.now(UTC),
        }
        db.execute(insert(Anchor).values(stored))
        assert facts_of_stamps(db, session), "the report can be made"
    check(look_everywhere(session, ours.folder / "root.pem"), fault.kept or Result.NOT_PROVEN)


def facts_of_stamps(db: Any, session: dict[str, Any]) -> list[facts.Stamp]:
    """What the report says of the time stamps."""
    return facts.of(reading.source(db, uuid.UUID(session["id"])), TRANSLATIONS.translator("en")).stamps
