"""`desk contact`: what is kept of one contact of an organization, erased or exported."""

from pathlib import Path
from uuid import UUID

import click

from app.cli_commands import BY, LANGUAGE, REASON, checked_reason, command, opened_database
from app.cli_output import Output
from app.kernel import clock
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict, NotFound
from app.kernel.text.template_filters import pluralize


@click.group(help="Contacts of prescreens: what is kept of one person.")
def contact() -> None:
    pass


@command(contact, "erase")
@click.argument("id", type=click.UUID)
@REASON
@click.option("--yes", is_flag=True, help="Erase; without it the command only says what would be.")
def erase(output: Output, id: UUID, reason: str, yes: bool) -> None:
    """Erase a contact with all of their prescreens: what is personal is gone for good, counts and decisions stay."""
    from app.prescreens import actions
    from app.prescreens.queries import contacts, personal
    from app.prescreens.queries.stages import EVERYWHERE

    reason, database = checked_reason(output, reason), opened_database()
    if yes:
        with database.write() as db:
            n = actions.erase_contact(db, id, reach=EVERYWHERE, reason=reason, by=BY, now=clock.now())
    else:
        with database.read() as db:
            found = contacts.get(db, id)
            if found is None:
                raise NotFound("There is no such contact. Nothing was erased.")
            n = len(personal.prescreens_of(db, found))
    facts = {"contact": str(id), "prescreens": n, "erased": yes}
    what = f"the contact with {pluralize(n, 'prescreen')}"
    output.done(facts, f"Erased {what}." if yes else f"This erases {what}. Nothing was erased: add --yes.")


@command(contact, "export")
@click.argument("id", type=click.UUID)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@REASON
@click.option(
    "--case-files",
    is_flag=True,
    help="A ZIP, with the files that they added and a case file of each prescreen that was decided.",
)
@LANGUAGE
def export(output: Output, id: UUID, file: Path, reason: str, case_files: bool, language: str | None) -> None:
    """Write everything that is kept of a contact into a JSON file. That it was handed out is an event."""
    reason, database = checked_reason(output, reason), opened_database()
    sha256 = (
        _with_case_files(database, id, file, reason, language) if case_files else _alone(database, id, file, reason)
    )
    facts = {"contact": str(id), "file": str(file), "sha256": sha256}
    output.done(facts, f"Everything that is kept is in {file}, SHA-256 {sha256}.")


def _alone(database: Database, id: UUID, file: Path, reason: str) -> str:
    from app.prescreens import actions
    from app.prescreens.queries.stages import EVERYWHERE

    with database.write() as db:
        made = actions.export_contact(db, id, reach=EVERYWHERE, reason=reason, by=BY, now=clock.now())
        file.write_bytes(made.content)
    return made.sha256


def _with_case_files(database: Database, id: UUID, file: Path, reason: str, language: str | None) -> str:
    from app.dashboard.documents.kinds import CannotMake
    from app.kernel import pdf, store
    from app.prescreens import actions, events, personal_files
    from app.prescreens.queries import contacts

    now = clock.now()
    with database.read() as db:
        found = contacts.get(db, id)
    if found is None:
        raise NotFound("There is no such contact. Nothing was written.")
    try:
        content = personal_files.written(database, id, now, BY.name, language)
    except (CannotMake, pdf.Failed) as why:
        raise Conflict(f"{why} Nothing was written.", code="contact.not_exported") from None
    sha256 = store.digest(content)
    with database.write() as db:
        for kind, data in (
            (events.CONTACT_FILES_REQUESTED, {"reason": reason}),
            (events.CONTACT_FILES_DOWNLOADED, {"file": file.name, "sha256": sha256}),
        ):
            actions.note_export(db, kind, id, found.organization_id, by=BY, now=now, data=data)
        file.write_bytes(content)
    return sha256
