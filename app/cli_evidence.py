"""`desk evidence`: what an inspection holds, and its files."""

import json
from pathlib import Path
from uuid import UUID

import click

from app.cli_commands import BY, REASON, command, opened_database
from app.cli_output import Output
from app.kernel import clock, store


@click.group()
def evidence() -> None:
    """Photos, notes and documents of an inspection."""


@command(evidence, "list")
@click.argument("session", type=click.UUID)
def list_(output: Output, session: UUID) -> None:
    """List the evidence of a session, in the order of its chain."""
    from app.inspections import queries

    with opened_database().read() as db:
        queries.get(db, session)
        items = queries.evidence(db, session)
    facts = [
        {
            "id": str(each.id),
            "event": each.sequence,
            "kind": each.kind,
            "sha256": each.sha256,
            "bytes": each.bytes,
            "type": each.mime,
            "received_at": each.received_at.isoformat(),
            "erased_at": each.erased_at.isoformat() if each.erased_at else None,
            "hold": each.hold,
            **{name: value for name, value in each.particulars.items() if name != "random"},
        }
        for each in items
    ]
    lines = [
        f"{each['id']}  {each['sha256'][:16]}…  {each['kind']:8}  {each['bytes']:>10,}  "
        + ("erased" if each["erased_at"] else json.dumps(each.get("name", ""), ensure_ascii=False))
        for each in facts
    ]
    output.done({"session": str(session), "evidence": facts}, "\n".join(lines) or "There is no evidence.")


@command(evidence, "download")
@click.argument("session", type=click.UUID)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def download(output: Output, session: UUID, folder: Path) -> None:
    """Write the originals and copies of a session into a folder. That they were taken is an event."""
    from app.inspections import actions, queries
    from app.inspections.evidence import receiving

    database = opened_database()
    with database.read() as db:
        queries.get(db, session)
        items = queries.evidence(db, session)
    kept = store.store_at(database.config.evidence_url)
    with database.write() as db:
        actions.note_download(db, session, "bundle", by=BY, now=clock.now())
    names = []
    try:
        for name, content in receiving.files(kept, items):
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            names.append(name)
    except store.Away:
        output.refuse("The store for evidence does not answer. What was written so far is whole.", "store.away")
    wanted = sum(each.erased_at is None for each in items)
    originals = sum(name.startswith("originals/") for name in names)
    if originals < wanted:
        output.refuse(f"{wanted - originals} originals are missing from the store, or damaged.", "store.damaged")
    output.done({"session": str(session), "files": names}, f"{len(names)} files are in {folder}.")


@command(evidence, "credentials")
def credentials(output: Output) -> None:
    """Try C2PA_CERTIFICATE and C2PA_KEY on a picture, as the worker uses them on copies."""
    from app.config import Config
    from app.files import copies
    from app.inspections.evidence import credentials as content_credentials

    config = Config.from_env()
    try:
        signer = content_credentials.signer(config.c2pa_certificate, config.c2pa_key)
        if signer is None:
            output.done({"signer": None}, "C2PA_CERTIFICATE and C2PA_KEY are not set: copies carry no credentials.")
            return
        content_credentials.sign(copies.blank(), content_credentials.About("", 0, "", "", "image/jpeg"), signer)
    except content_credentials.NotSigned as reason:
        output.refuse(str(reason), "credentials.unfit")
    output.done({"signer": signer.name}, f"Copies are signed by {signer.name}.")


@command(evidence, "bundle")
@click.argument("session", type=click.UUID)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def bundle(output: Output, session: UUID, file: Path) -> None:
    """Write the bundle of a session into a file, however large. That it was taken is an event."""
    from app.inspections import actions, bundles

    database = opened_database()
    with database.read() as db:
        source = bundles.source(db, session)
    try:
        with file.open("wb") as out:
            bundles.pack(source, database.config.tsa_roots, store.store_at(database.config.evidence_url), out)
    except store.Away:
        file.unlink()
        output.refuse("The store for evidence does not answer. Nothing was written.", "store.away")
    digest = store.digest_of(store.pieces_of(file))
    with database.write() as db:
        actions.note_made(db, session, "bundle", digest, clock.now())
        actions.note_download(db, session, "bundle", by=BY, now=clock.now(), data={"sha256": digest})
    facts = {"session": str(session), "file": str(file), "sha256": digest, "bytes": file.stat().st_size}
    output.done(facts, f"The bundle is {file}, SHA-256 {digest}.")


@command(evidence, "receipt")
@click.argument("session", type=click.UUID)
@click.argument("participant", type=click.UUID)
def receipt_link(output: Output, session: UUID, participant: UUID) -> None:
    """Show the address of a field user's receipt, for one who has lost the e-mail. PARTICIPANT is the id of the invite.

    Whoever has the address reads what they sent.
    """
    from app.inspections import queries, receipts, rules

    database = opened_database()
    with database.read() as db:
        invite = queries.invite(db, participant, session)
    if not rules.has_receipt(invite):
        output.refuse("Only a field user who was in, and was not revoked, has a receipt.", "receipt.none")
    address = receipts.url(database.config, invite)
    output.done({"session": str(session), "participant": str(participant), "url": address}, address)


@command(evidence, "remark")
@click.argument("session", type=click.UUID)
@click.argument("item", type=click.UUID)
@click.option("--text", required=True, help="What is said of it; kept in the record for good.")
def remark(output: Output, session: UUID, item: UUID, text: str) -> None:
    """Add a remark on a piece of evidence to the record. A newer one corrects those before, which stay."""
    from app.inspections import actions
    from app.inspections.payloads import NOTES_LENGTH

    if not 0 < len(text.strip()) <= NOTES_LENGTH:
        output.refuse(f"A remark has 1 to {NOTES_LENGTH:,} characters.", "remark")
    with opened_database().write() as db:
        actions.remark_evidence(db, session, item, text=text.strip(), by=BY, now=clock.now())
    output.done({"session": str(session), "item": str(item), "text": text.strip()}, "The remark is in the record.")


@command(evidence, "erase")
@click.argument("session", type=click.UUID)
@click.argument("item", type=click.UUID)
@REASON
def erase(output: Output, session: UUID, item: UUID, reason: str) -> None:
    """Erase a piece of evidence for good: its original and copies go, its hash and the event stay.

    ITEM is its id, as `desk evidence list` shows it. The worker deletes the files.
    """
    from app.inspections import actions

    with opened_database().write() as db:
        actions.erase_evidence(db, session, item, reason=_checked(output, reason), by=BY, now=clock.now())
    output.done({"session": str(session), "item": str(item), "erased": True}, "Erased. The worker deletes its files.")


ITEM = click.option("--item", type=click.UUID, help="Only this piece of evidence, not all of the session.")


@command(evidence, "hold")
@click.argument("session", type=click.UUID)
@ITEM
@REASON
def keep(output: Output, session: UUID, item: UUID | None, reason: str) -> None:
    """Place a legal hold on a session, or on one piece of its evidence: it is erased by nobody, and not by time, until
    the hold is released."""
    from app.inspections import actions

    why, now = _checked(output, reason), clock.now()
    with opened_database().write() as db:
        if item is None:
            actions.place_hold(db, session, reason=why, by=BY, now=now)
        else:
            actions.hold_item(db, session, item, reason=why, by=BY, now=now)
    what = "Nothing of this session is" if item is None else "This piece of evidence is not"
    facts = {"session": str(session), **_item_facts(item), "hold": True}
    output.done(facts, f"{what} erased until the hold is released.")


@command(evidence, "release")
@click.argument("session", type=click.UUID)
@ITEM
@REASON
def release(output: Output, session: UUID, item: UUID | None, reason: str) -> None:
    """Release the legal hold on a session, or on one piece of its evidence. What is kept no longer is erased within the
    hour."""
    from app.inspections import actions

    why, now = _checked(output, reason), clock.now()
    with opened_database().write() as db:
        if item is None:
            actions.release_hold(db, session, reason=why, by=BY, now=now)
        else:
            actions.release_item(db, session, item, reason=why, by=BY, now=now)
    output.done({"session": str(session), **_item_facts(item), "hold": False}, "The legal hold is released.")


def _item_facts(item: UUID | None) -> dict[str, str]:
    return {} if item is None else {"item": str(item)}


def _checked(output: Output, reason: str) -> str:
    if not 0 < len(reason.strip()) <= 300:
        output.refuse("The reason is 1 to 300 characters.", "reason")
    return reason.strip()
