"""`desk prescreen`: what is done with one prescreen, or with what is kept of one contact."""

from pathlib import Path
from uuid import UUID

import click

from app.cli_commands import BY, LANGUAGE, REASON, checked_reason, command, opened_database
from app.cli_output import Output
from app.kernel import clock
from app.kernel.errors import Conflict, NotFound
from app.kernel.text.template_filters import pluralize

FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))


@click.group(help="Prescreens, and the contacts that they are filed under.")
def prescreen() -> None:
    pass


@command(prescreen, "case-file")
@click.argument("id", type=click.UUID)
@FOLDER
@click.option("--notes", is_flag=True, help="With the team's notes, for internal use only.")
@LANGUAGE
def case_file(output: Output, id: UUID, folder: Path, notes: bool, language: str | None) -> None:
    """Write the case file of a prescreen into a folder. That it was made and taken are events."""
    from app.dashboard.documents.kinds import CannotMake
    from app.kernel import pdf, store
    from app.prescreens import actions, case_files, events

    database, now = opened_database(), clock.now()
    try:
        case = case_files.read(database, id, notes=notes)
        made = case_files.written(case, now, BY.name, language)
    except CannotMake as reason:
        raise NotFound(f"{reason} Nothing was written.") from None
    except pdf.Failed as reason:
        raise Conflict(f"{reason} Nothing was written.", code="case_file.not_made") from None
    digest = store.digest(made.content)
    with database.write() as db:
        data = {"file": made.name, "sha256": digest, "notes": notes}
        for kind in (events.CASE_FILE_REQUESTED, events.CASE_FILE_DOWNLOADED):
            actions.note_case_file(db, kind, id, case.prescreen.organization_id, by=BY, now=now, data=data)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / made.name).write_bytes(made.content)
    facts = {"prescreen": str(id), "file": str(folder / made.name), "sha256": digest, "notes": notes}
    output.done(facts, f"The case file is {folder / made.name}, SHA-256 {digest}.")


@command(prescreen, "remind")
@click.argument("id", type=click.UUID)
@click.option("--fresh-link", is_flag=True, help="After it expired undecided: a link to start with the old answers.")
@click.option("--yes", is_flag=True, help="Send it; without it the command only says what would be sent.")
def remind(output: Output, id: UUID, fresh_link: bool, yes: bool) -> None:
    """Remind a prospect who has stopped answering, once. Who may be written to is the same as on the page."""
    from app.kernel.changes import confirmation
    from app.prescreens import actions
    from app.prescreens.queries.stages import EVERYWHERE

    act, what = (actions.renew, "A fresh link") if fresh_link else (actions.remind, "The reminder")
    with opened_database().write() as db:
        with confirmation.collecting_messages(db) as messages:
            act(db, id, reach=EVERYWHERE, by=BY, now=clock.now())
        if not yes:
            db.rollback()
    recipients = [message.payload.get("to") or message.destination for message in messages]
    words = f"{what} {'is on its way' if yes else 'would go'} to {', '.join(recipients)}."
    facts = {"prescreen": str(id), "sent": yes, "recipients": recipients}
    output.done(facts, words if yes else f"{words} Nothing was sent: add --yes to send it.")


@command(prescreen, "erase")
@click.argument("id", type=click.UUID)
@REASON
@click.option("--yes", is_flag=True, help="Erase; without it the command only says what would be.")
def erase(output: Output, id: UUID, reason: str, yes: bool) -> None:
    """Erase a prospect who is no contact, by one of their prescreens; `desk contact erase` erases a contact."""
    from app.prescreens import actions
    from app.prescreens.queries.stages import EVERYWHERE

    reason = checked_reason(output, reason)
    with opened_database().write() as db:
        n = actions.erase_prospect(db, id, reach=EVERYWHERE, reason=reason, by=BY, now=clock.now())
        if not yes:
            db.rollback()
    facts = {"prescreen": str(id), "prescreens": n, "erased": yes}
    what = pluralize(n, "prescreen")
    output.done(facts, f"Erased {what}." if yes else f"This erases {what}. Nothing was erased: add --yes.")


@command(prescreen, "export")
@click.argument("id", type=click.UUID)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@REASON
def export(output: Output, id: UUID, file: Path, reason: str) -> None:
    """Write everything that is kept of a prospect who is no contact into a JSON file, by one of their prescreens;
    `desk contact export` is for contacts. That it was handed out is an event."""
    from app.prescreens import actions
    from app.prescreens.queries.stages import EVERYWHERE

    reason = checked_reason(output, reason)
    with opened_database().write() as db:
        made = actions.export_prospect(db, id, reach=EVERYWHERE, reason=reason, by=BY, now=clock.now())
        file.write_bytes(made.content)
    facts = {"prescreen": str(id), "file": str(file), "sha256": made.sha256}
    output.done(facts, f"Everything that is kept is in {file}, SHA-256 {made.sha256}.")


@command(prescreen, "forecast")
@click.option("--organization", required=True, metavar="SLUG")
def forecast(output: Output, organization: str) -> None:
    """What expires undecided at the pace of the last seven days, and what to decide first."""
    from app.accounts.queries import organization_named
    from app.prescreens.presentation.forecast import at_this_pace
    from app.prescreens.queries import forecast as queries

    now = clock.now()
    with opened_database().read() as db:
        home = organization_named(db, organization)
        seen = queries.outlook(db, home.id, home.time_zone, now)
        first = queries.first_to_decide(db, home.id, now)
    total = seen.forecast.total
    band = {"low": total.low, "likely": total.likely, "high": total.high}
    days = [
        {"day": day.isoformat(), "waiting": each.waiting, "low": each.low, "likely": each.likely, "high": each.high}
        for day, each in zip(seen.days, seen.forecast.slots, strict=True)
    ]
    soonest = [
        {"id": str(each.id), "questionnaire": each.questionnaire, "expires_at": clock.iso(each.expires_at)}
        for each in first
    ]
    words = [f"{total.waiting:,} wait for a decision. {at_this_pace(seen)}".strip()]
    words += [f"  {each['expires_at']}  {each['id']}  {each['questionnaire']}" for each in soonest]
    facts = {"waiting": total.waiting, "decided": seen.forecast.decided, "lapse": band, "days": days}
    output.done({**facts, "decide_first": soonest}, "\n".join(words))
