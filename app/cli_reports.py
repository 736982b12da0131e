"""`desk inspection`: the report of a session."""

from pathlib import Path
from uuid import UUID

import click

from app.cli_commands import BY, command, opened_database
from app.cli_output import Output
from app.kernel import clock, store


@click.group()
def inspection() -> None:
    """Work with one inspection."""


@command(inspection, "report")
@click.argument("session", type=click.UUID)
@click.option("--to", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write the PDF here, once made.")
def report(output: Output, session: UUID, file: Path | None) -> None:
    """Have the worker make the report of a session, in its language; say how far it is, or write it to a file.

    One that has all that is known is given again. Having it made and taking it are events.
    """
    from app.dashboard.documents import actions, jobs, queries
    from app.dashboard.documents.models import State
    from app.inspections import queries as inspections
    from app.inspections import rules
    from app.inspections.report.document import KIND, options_of

    database, now = opened_database(), clock.now()
    with database.write() as db:
        found = inspections.get(db, session)
        rules.check_report(found)
        options = options_of(found)
        id = actions.request(db, KIND, session, found.organization_id, options, by=BY, now=now)
    with database.read() as db:
        document = queries.get(db, id)
    assert document is not None, "it was requested just now"
    facts = {"session": str(session), "document": str(id), "state": document.state, "sha256": document.sha256}
    if document.state == State.FAILED:
        output.refuse(document.failure, "report.failed")
    if document.state != State.READY or document.sha256 is None:
        output.done(facts, f"{document.progress} Ask again in a moment.")
        return
    if file is None:
        output.done(facts, f"It is made: SHA-256 {document.sha256}. Say where to with --to FILE.")
        return
    try:
        content = store.store_at(database.config.evidence_url).get(jobs.folder(id), document.sha256)
    except (store.Away, store.Missing, store.Damaged):
        output.refuse("The store for evidence does not answer, or does not have the file.", "store.away")
    with database.write() as db:
        data = {"document": str(id), "file": document.name, "sha256": document.sha256}
        KIND.record(db, KIND.downloaded, document, by=BY, now=clock.now(), data=data)
    file.write_bytes(content)
    output.done({**facts, "file": str(file)}, f"{file} is written.")
