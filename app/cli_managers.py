"""`desk manager`: the roster of those who manage depositions."""

import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from app.cli_commands import BY, command, opened_database
from app.cli_output import Output
from app.kernel import clock
from app.kernel.errors import Invalid, NotFound

if TYPE_CHECKING:
    from app.depositions.models import Manager
    from app.kernel.db.engine import Db

Run = TypeVar("Run", bound=Callable[..., Any])
"""A command. `Any`, because click hands in what its options say."""

TEXT = (
    ("name", "Their name."),
    ("telephone", "Their telephone number."),
    ("zone", "Their time zone, such as Europe/Paris."),
    ("languages", "With commas between them."),
    ("skills", "With commas between them."),
    ("buffer-before", "Minutes kept free before a session."),
    ("buffer-after", "Minutes kept free after a session."),
)


@click.group(help="The roster of those who manage depositions.")
def manager() -> None:
    pass


def _facts_options(required: bool) -> Callable[[Run], Run]:
    """The options that say what a row says."""

    def decorate(run: Run) -> Run:
        for name, words in reversed(TEXT):
            run = click.option(f"--{name}", required=required and name in ("name", "zone"), help=words)(run)
        run = click.option("--room", multiple=True, help="Provider and address: 'zoom https://…/{id}'.")(run)
        return click.option("--hours", multiple=True, help="A weekday and its hours: 'monday 9:00-17:30'.")(run)

    return decorate


def _typed(given: Mapping[str, str | None], room: tuple[str, ...], hours: tuple[str, ...]) -> dict[str, str]:
    """The cells that the options name."""
    from app.depositions.rules.roster import DAY_KEYS

    cells = {name: text for name, text in given.items() if text is not None}
    if room:
        cells["rooms"] = "\n".join(room)
    for each in hours:
        day, _, text = each.strip().partition(" ")
        if day.lower() not in DAY_KEYS:
            raise click.BadParameter(f"{day} is no weekday.", param_hint="--hours")
        cells[day.lower()] = text
    return cells


@command(manager, "add")
@click.argument("email")
@_facts_options(required=True)
def add(output: Output, email: str, room: tuple[str, ...], hours: tuple[str, ...], **given: str | None) -> None:
    """Add a manager: a person of the team by their address, or an outsider."""
    from app.depositions.actions import roster
    from app.depositions.rules.roster import read

    facts = read({**_typed(given, room, hours), "email": email})
    with opened_database().write() as db:
        id = roster.add(db, facts, by=BY, now=clock.now())
    output.done({"id": id, **facts.as_data()}, f"{facts.name} ({facts.email}) is in the roster.")


@command(manager, "change")
@click.argument("email")
@click.option("--new-email", help="Their new address.")
@click.option("--active/--inactive", default=None, help="Whether they can be chosen.")
@_facts_options(required=False)
def change(
    output: Output,
    email: str,
    new_email: str | None,
    active: bool | None,
    room: tuple[str, ...],
    hours: tuple[str, ...],
    **given: str | None,
) -> None:
    """Change a manager. What is not named stays as it is."""
    from app.depositions.actions import roster
    from app.depositions.queries import roster as queries
    from app.depositions.rules.roster import read
    from app.depositions.rules.roster_csv import cells_of

    with opened_database().write() as db:
        row = _row(db, email)
        cells = cells_of(queries.facts_of(db, row)) | _typed(given, room, hours)
        if new_email is not None:
            cells["email"] = new_email
        if active is not None:
            cells["active"] = "yes" if active else "no"
        facts = read(cells)
        changed = roster.change(db, row.id, facts, by=BY, now=clock.now())
    words = f"Changed {facts.name}." if changed else f"{facts.name} is as you say already."
    output.done({"id": row.id, **facts.as_data(), "changed": changed}, words)


@command(manager, "list")
@click.option("--csv", "as_csv", is_flag=True, help="Print the CSV that an import reads.")
def list_(output: Output, as_csv: bool) -> None:
    """List the roster."""
    from app.dashboard import csv_export
    from app.depositions.queries import roster as queries
    from app.depositions.rules.roster import COLUMNS
    from app.depositions.rules.roster_csv import cells_of

    with opened_database().read() as db:
        rows = queries.every_row(db)
        hours = queries.hours(db, [row.id for row in rows])
        every = [queries.facts(row, hours.get(row.id, [])) for row in rows]
    if as_csv:
        records = ([cells_of(facts)[name] for name in COLUMNS] for facts in every)
        click.echo("".join(csv_export.lines(COLUMNS, records)), nl=False)
        return
    lines = [f"{facts.name} <{facts.email}>, {facts.zone}{'' if facts.active else ', inactive'}" for facts in every]
    output.done({"managers": [facts.as_data() for facts in every]}, "\n".join(lines) or "The roster is empty.")


@command(manager, "absence")
@click.argument("email")
@click.argument("first_day")
@click.argument("last_day", required=False)
@click.option("--note", default="", help="What the team reads.")
@click.option("--remove", is_flag=True, help="Take the absence of these days back.")
def absence(output: Output, email: str, first_day: str, last_day: str | None, note: str, remove: bool) -> None:
    """Write that a manager is away on these days (2026-12-24), both included."""
    from app.depositions.actions import roster
    from app.depositions.queries import roster as queries

    first, last = _day(first_day), _day(last_day or first_day)
    with opened_database().write() as db:
        row = _row(db, email)
        if remove:
            found = next((each for each in queries.absences(db, row.id, clock.now()) if each.first_day == first), None)
            if found is None:
                raise NotFound(f"No absence of {row.name} begins on {first}. Nothing was changed.")
            roster.remove_absence(db, row.id, found.id, by=BY, now=clock.now())
        else:
            roster.add_absence(db, row.id, first, last, note, by=BY, now=clock.now())
    done = "is not away any more" if remove else "is away"
    facts = {"email": row.email, "first_day": str(first), "last_day": str(last), "removed": remove}
    output.done(facts, f"{row.name} {done} from {first} to {last}.")


@command(manager, "import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--yes", is_flag=True, help="Import; without it only what would change is shown.")
def import_(output: Output, file: str, yes: bool) -> None:
    """Import a CSV: a row adds the manager with its address, or changes them."""
    from app.depositions.actions import roster
    from app.depositions.queries import roster as queries
    from app.depositions.rules import roster_csv

    given = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        text = given.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("The file is no text in UTF-8. Nothing was saved.") from None
    with opened_database().write() as db:
        plan = roster_csv.plan(roster_csv.lines(text), queries.by_address(db))
        faults = [row for row in plan if row.kind == "fault"]
        if faults:
            words = [f"line {row.line}: {fault}" for row in faults for fault in row.faults]
            raise Invalid("\n".join(["Nothing was saved.", *words]))
        if yes:
            roster.import_rows(db, [row.facts for row in plan if row.facts], by=BY, now=clock.now())
    verbs = {"add": "added" if yes else "would be added", "change": "changed" if yes else "would change"}
    lines = [f"{row.name} <{row.email}> {verbs.get(row.kind, 'stays')}" for row in plan]
    lines += [] if yes else ["Nothing was saved. Repeat it with --yes."]
    rows = [{"email": row.email, "does": row.kind, "changes": [list(each) for each in row.changes]} for row in plan]
    output.done({"imported": yes, "rows": rows}, "\n".join(lines))


@command(manager, "feed")
@click.argument("email")
@click.option("--revoke", is_flag=True, help="End the feed.")
def feed(output: Output, email: str, revoke: bool) -> None:
    """Make a manager's calendar feed and print its address, once. A former one ends."""
    from app.depositions.actions import roster

    database = opened_database()
    with database.write() as db:
        row = _row(db, email)
        if revoke:
            roster.revoke_feed(db, row.id, by=BY, now=clock.now())
        token = "" if revoke else roster.make_feed(db, row.id, by=BY, now=clock.now())
    if revoke:
        output.done({"email": row.email, "revoked": True}, f"The calendar feed of {row.name} is revoked.")
        return
    url = f"{database.config.public_base_url}/managers/feed/{token}.ics"
    output.done({"email": row.email, "url": url}, f"The calendar feed of {row.name}, shown this once:", url)


def _row(db: "Db", email: str) -> "Manager":
    """The row with this address. Raises NotFound."""
    from app.depositions.queries import managers

    found = managers.by_email(db, email)
    if found is None:
        raise NotFound(f"No manager in the roster has the address {email.lower()}.")
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("Write a day as 2026-12-24.") from None
