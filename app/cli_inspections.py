"""`desk verify`: what the record of an inspection proves."""

import sys
from pathlib import Path
from uuid import UUID

import click

from app.cli_commands import command, opened_database
from app.cli_output import Output
from app.config import Config
from app.kernel.errors import NotFound

UNREADABLE = 3
"""How the command ends when there is no such session or bundle."""


@click.group()
def inspections() -> None:
    pass


@command(inspections, "verify")
@click.argument("session")
def verify(output: Output, session: str) -> None:
    """Verify the record of a session, by its id, or a bundle, by its file.

    Ends with 0 when it is proven, 1 when something contradicts, 2 when nothing does but no time stamp leads to a root
    of TSA_ROOTS, and 3 when there is nothing to verify.
    """
    from app.inspections import bundle, queries, verification

    try:
        id = UUID(session)
    except ValueError:
        try:
            contents = bundle.read(Path(session).read_bytes())
        except OSError:
            output.refuse(f"There is no session and no file {session}.", "not_found", UNREADABLE)
        except ValueError as error:
            output.refuse(str(error), "bundle.unreadable", UNREADABLE)
        links, roots = contents.links, Config.from_env().tsa_roots
        length, head = len(links), links[-1].hash if links else ""
        verdict = verification.verify(
            contents.session, links, contents.stamped, roots, length=length, head=head, people=contents.people
        )
        name = contents.session
    else:
        with opened_database().read() as db:
            try:
                inspection = queries.get(db, id)
            except NotFound as missing:
                output.refuse(missing.detail, "not_found", UNREADABLE)
            length, head = inspection.chain_length, inspection.chain_head
            links, stamped = queries.links(db, id), queries.anchors(db, id)
            roots, name, people = db.config.tsa_roots, str(id), queries.personal_records(db, id)
        verdict = verification.verify(name, links, stamped, roots, length=length, head=head, people=people)
    findings = [{"result": each.result, "sentence": each.sentence} for each in (verdict.chain, *verdict.stamps)]
    words = "\n".join([*(each["sentence"] for each in findings), f"Session {name}: {verdict.result}."])
    output.done({"session": name, "result": verdict.result, "findings": findings}, words)
    sys.exit(verification.EXIT_CODES[verdict.result])
