"""`desk verify`: what the record of an inspection proves."""

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click

from app.cli_commands import BY, REASON, command, opened_database
from app.cli_output import Output
from app.config import Config
from app.kernel.errors import NotFound

if TYPE_CHECKING:
    from app.inspections.verification import Verdict

PARTS = {
    "original": "an original",
    "copy": "a copy that was made here of a picture",
    "erased": "an original that was erased",
    "bundle": "a bundle",
    "report": "a report",
}
"""What a file is of a session, in words."""
UNREADABLE = 3
"""How the command ends when there is nothing to verify, or it cannot be read: what nobody looked at is not broken."""


@click.group()
def inspections() -> None:
    pass


@command(inspections, "verify", refused=UNREADABLE)
@click.argument("session", required=False)
@click.option("--all", "everything", is_flag=True, help="Every record, as each night; keeps which do not hold.")
def verify(output: Output, session: str | None, everything: bool) -> None:
    """Verify the record of a session, by its id or the number of its report; a file: a bundle, or an original or copy
    that is kept here; or every record.

    Ends with 0 when it is proven, 1 when something contradicts, 2 when nothing does but no time stamp leads to a root
    of TSA_ROOTS, and 3 when there is nothing to verify or it cannot be read. Of all records the worst decides; those of
    sessions that go on are not proven yet, and do not count.
    """
    if everything == bool(session):
        output.refuse("Name a session or a file, or say --all.", "usage")
    if everything:
        _verify_all(output)
    else:
        _verify_one(output, session or "")


@command(inspections, "erase-person")
@click.argument("session", type=click.UUID)
@click.argument("participant", type=click.UUID)
@REASON
def erase_person(output: Output, session: UUID, participant: UUID, reason: str) -> None:
    """Erase what is personal about a participant of a session that is over: name, addresses, network, browser.

    The chain keeps the hashes, and stays whole. PARTICIPANT is the id of the invite.
    """
    from app.inspections import actions
    from app.kernel import clock

    if not 0 < len(reason.strip()) <= 300:
        output.refuse("The reason is 1 to 300 characters.", "reason")
    with opened_database().write() as db:
        n = actions.erase_person(db, session, participant, reason=reason.strip(), by=BY, now=clock.now())
    output.done({"session": str(session), "participant": str(participant), "erased": n}, f"Erased {n} records.")


def _verify_one(output: Output, asked: str) -> None:
    """Says what is proven of a session, by its id or number, or of what a file is: a bundle, or one of a session's."""
    from app.inspections import numbers, verification
    from app.inspections.queries import lookups

    about = None
    try:
        session, verdict = str(id := UUID(asked)), _verdict(output, id)
    except ValueError:
        number, file = numbers.read(asked), Path(asked)
        if file.is_file():
            session, verdict, about = _verified_file(output, file)
        elif number:
            with opened_database().read() as db:
                found = lookups.by_number(db, number)
            if not found:
                output.refuse(f"No session has the number {number}.", "not_found")
            session, verdict = str(found[0].inspection_id), _verdict(output, found[0].inspection_id)
        else:
            output.refuse(f"There is no session and no file {asked}.", "not_found")
    findings = [{"result": each.result, "sentence": each.sentence} for each in verdict.findings]
    lines = [*([about] if about else []), *(each.sentence for each in verdict.findings)]
    words = "\n".join([*lines, f"Session {session}: {verdict.result}."])
    facts = {"session": session, "result": verdict.result, "findings": findings, **({"file": about} if about else {})}
    output.done(facts, words)
    sys.exit(verification.EXIT_CODES[verdict.result])


def _verdict(output: Output, id: UUID) -> "Verdict":
    """The verdict on a session, with each of its originals read anew."""
    from app.files import keeping
    from app.inspections import records, verification
    from app.inspections.evidence import originals
    from app.kernel import store

    database = opened_database()
    with database.read() as db:
        try:
            record = records.read(db, id)
        except NotFound as missing:
            output.refuse(missing.detail, "not_found")
    roots, kept = database.config.tsa_roots, store.store_at(database.config.evidence_url)
    try:
        found = originals.check(record.links, lambda sha256: keeping.hash_of(kept, id, sha256))
    except store.Away:
        sentence = "The store for evidence does not answer, so no original was looked at."
        unread = verification.Finding(verification.Result.NOT_PROVEN, sentence, word="evidence_unread")
        verdict = record.verdict(roots, unread)
        return replace(verdict, result=max(verdict.result, unread.result, key=verification.GRAVITY.index))
    return record.verdict(roots, found)


def _verified_file(output: Output, file: Path) -> "tuple[str, Verdict, str | None]":
    """The session that a bundle is of, or that a file is kept in; the verdict on it; and what the file is there."""
    from app.inspections import bundle
    from app.inspections.queries import lookups
    from app.kernel import store

    try:
        contents = bundle.read(file)
    except ValueError as error:
        with file.open("rb") as opened:
            if opened.read(2) == b"PK":
                output.refuse(str(error), "bundle.unreadable")
        with opened_database().read() as db:
            known = lookups.by_hash(db, store.digest_of(store.pieces_of(file)))
        if not known:
            output.refuse(f"{file} is no bundle, and was not made here, or was changed.", "not_found")
        id, part, signed = known[0]
        also = ", and carries Content Credentials" if signed else ""
        return str(id), _verdict(output, id), f"{file} is {PARTS[part]} of this session{also}."
    return contents.session, contents.verdict(Config.from_env().tsa_roots), None


def _verify_all(output: Output) -> None:
    from app.inspections import nightly, verification
    from app.kernel import clock

    counts: Counter[verification.Result] = Counter()
    broken = []
    for each in nightly.verify_all(opened_database(), by=BY, now=clock.now()):
        counts += nightly.counted([each])
        if each.verdict.fault:
            broken.append({"session": str(each.id), "fault": each.verdict.fault})
    results = {str(result): counts[result] for result in verification.Result}
    lines = [f"Session {each['session']} does not hold: {each['fault']}" for each in broken]
    lines.append(f"Ended sessions: {', '.join(f'{n} {result}' for result, n in results.items())}.")
    output.done({"results": results, "broken": broken}, "\n".join(lines))
    worst = max(counts, key=verification.GRAVITY.index, default=verification.Result.PROVEN)
    sys.exit(verification.EXIT_CODES[worst])
