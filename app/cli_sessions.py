"""`desk deposition`: the life of a session from its booking on. Without `--yes` nothing is done."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from app.cli_commands import BY, command, opened_database
from app.cli_depositions import deposition
from app.cli_output import Output
from app.kernel import clock

if TYPE_CHECKING:
    from app.depositions.models import Deposition
    from app.kernel.db.engine import Db

SESSION = click.argument("id", type=click.IntRange(1, 2**63 - 1))
YES = click.option("--yes", is_flag=True, help="Do it, and send what it sends.")
REASON = click.option("--reason", default="", help="Kept in the activity, not sent to anyone.")


def _confirmed(output: Output, yes: bool, act: "Callable[[Db], Deposition]", would: str, done: str) -> None:
    """Runs an action, or with all that it writes taken back; says what it sends. The sentences name the session's facts
    in braces: `{hours}`, `{manager}`."""
    from app.depositions import presentation
    from app.kernel.changes import confirmation

    with opened_database().write() as db:
        with confirmation.collecting_messages(db) as messages:
            made = act(db)
        messages = [message for message in messages if not message.channel.startswith("job:")]
        if not yes:
            db.rollback()
    recipients = list(dict.fromkeys(message.payload.get("to") or message.destination for message in messages))
    values = {"hours": presentation.hours(made), "manager": made.manager_name or "nobody"}
    sends = f" It sends {confirmation.summary(messages)}" + (f", to {', '.join(recipients)}." if recipients else ".")
    words = done.format(**values) if yes else would.format(**values) + sends + " Nothing was done; add --yes to do it."
    output.done({**_facts(made), "done": yes, "recipients": recipients, "sends": confirmation.summary(messages)}, words)


def _facts(made: "Deposition") -> dict[str, object]:
    facts: dict[str, object] = {"id": made.id, "state": made.state, "starts_at": clock.iso(made.starts_at)}
    return facts | {"ends_at": clock.iso(made.ends_at), "manager": made.manager_email, "room": made.room_url}


@command(deposition, "show")
@SESSION
def session_show(output: Output, id: int) -> None:
    """Show how a session stands: when it is, who manages it and where."""
    from app.accounts.queries import organization
    from app.depositions import presentation
    from app.depositions.queries import detail

    with opened_database().read() as db:
        found = detail.of_any_organization(db, id)
        slug = organization(db, found.organization_id).slug
    managed = f", manager {found.manager_name}" if found.manager_name else ""
    room = f"\n{found.room_url}" if found.room_url else ""
    words = f"{id}, {found.state}: {found.title}, for {slug}. {presentation.hours(found)}{managed}.{room}"
    output.done({**_facts(found), "organization": slug, "title": found.title, "case": found.case_name}, words)


@command(deposition, "schedule")
@SESSION
@click.argument("email")
@click.option("--room", "room_url", default="", metavar="URL", help="The manager's own otherwise.")
@REASON
@YES
def session_schedule(output: Output, id: int, email: str, room_url: str, reason: str, yes: bool) -> None:
    """Book what was requested, with a manager of the roster; in spite of an overlap only with a reason."""
    from app.depositions import actions

    def act(db: "Db") -> "Deposition":
        booking = actions.Booking(manager_id=_manager(db, email), room_url=room_url, reason=reason)
        return actions.schedule(db, id, booking, by=BY, now=clock.now())

    _confirmed(output, yes, act, "{manager} would manage it, {hours}.", f"Scheduled session {id}, {{hours}}.")


@command(deposition, "cancel")
@SESSION
@click.option("--silently", is_flag=True, help="Notify nobody; only with a reason where somebody was notified before.")
@REASON
@YES
def session_cancel(output: Output, id: int, silently: bool, reason: str, yes: bool) -> None:
    """Cancel a request or a session."""
    from app.depositions import actions
    from app.depositions.queries.people import outdated
    from app.depositions.rules import transitions

    def act(db: "Db") -> "Deposition":
        made = actions.cancel(db, id, by=BY, now=clock.now(), notify=not silently, reason=reason)
        if silently and outdated(db, id):
            transitions.check_silence(reason)
        return made

    _confirmed(output, yes, act, "It would be canceled.", f"Canceled session {id}.")


@command(deposition, "move")
@SESSION
@click.option("--date", "start_date", required=True, help="YYYY-MM-DD.")
@click.option("--time", "start_time", required=True, help="2:30 PM, or 14:30.")
@click.option("--zone", "time_zone", help="Such as 'Pacific Time (US & Canada)' or America/Denver; its own otherwise.")
@click.option("--hours", type=float, help="How long it takes; as long as before otherwise.")
@click.option("--manager", "email", metavar="EMAIL", help="Somebody else of the roster.")
@click.option("--room", "room_url", default="", metavar="URL")
@click.option("--notice", default="", help="What the organization reads.")
@click.option("--because", default="", help="What the participants read about why.")
@click.option("--silently", is_flag=True, help="Notify nobody; only with a reason where somebody was notified before.")
@REASON
@YES
def session_move(
    output: Output,
    id: int,
    start_date: str,
    start_time: str,
    time_zone: str | None,
    hours: float | None,
    email: str | None,
    room_url: str,
    notice: str,
    because: str,
    silently: bool,
    reason: str,
    yes: bool,
) -> None:
    """Move a booked session to another moment."""
    from app.depositions import actions
    from app.depositions.queries import detail
    from app.depositions.queries.people import outdated
    from app.depositions.rules import transitions
    from app.depositions.rules.mail.hours import clock_written
    from app.depositions.rules.new_request import hours_of, parse_start

    def act(db: "Db") -> "Deposition":
        present = detail.of_any_organization(db, id)
        start = parse_start(start_date, clock_written(start_time) or start_time, time_zone or present.time_zone)
        lasts = hours_of(present.estimated_duration) if hours is None else int(hours) if hours.is_integer() else hours
        booking = actions.Booking(manager_id=_manager(db, email) if email else None, room_url=room_url)
        to = actions.Move(start, lasts, booking if email or room_url else None, notice, because, reason)
        made = actions.move(db, id, to, by=BY, now=clock.now(), notify=not silently)
        if silently and outdated(db, id):
            transitions.check_silence(reason)
        return made

    _confirmed(output, yes, act, "It would move to {hours}.", f"Moved session {id} to {{hours}}.")


@command(deposition, "change-manager")
@SESSION
@click.argument("email", required=False)
@click.option("--nobody", is_flag=True, help="Leave it without a manager.")
@click.option("--room", "room_url", default="", metavar="URL")
@REASON
@YES
def session_change_manager(
    output: Output, id: int, email: str | None, nobody: bool, room_url: str, reason: str, yes: bool
) -> None:
    """Give a booked session to another manager of the roster, or to nobody."""
    from app.depositions import actions

    if bool(email) == nobody:
        raise click.UsageError("Name the manager's e-mail address, or use --nobody.")

    def act(db: "Db") -> "Deposition":
        booking = None
        if email:
            booking = actions.Booking(manager_id=_manager(db, email), room_url=room_url, reason=reason)
        return actions.change_manager(db, id, booking, by=BY, now=clock.now())

    _confirmed(output, yes, act, "{manager} would manage it.", f"{{manager}} manages session {id}.")


@command(deposition, "start")
@SESSION
@REASON
@YES
def session_start(output: Output, id: int, reason: str, yes: bool) -> None:
    """Open the room of a booked session; long before its planned start only with a reason."""
    from app.depositions import actions

    def act(db: "Db") -> "Deposition":
        return actions.start(db, id, by=BY, now=clock.now(), reason=reason)

    _confirmed(output, yes, act, "Its links would lead into the room.", f"Started session {id}.")


@command(deposition, "take-back-start")
@SESSION
@YES
def session_take_back_start(output: Output, id: int, yes: bool) -> None:
    """Close the room again, within ten minutes and until somebody has entered."""
    from app.depositions import actions

    def act(db: "Db") -> "Deposition":
        return actions.take_back_start(db, id, by=BY, now=clock.now())

    _confirmed(output, yes, act, "It would be as before its start.", f"Took the start of session {id} back.")


@command(deposition, "end")
@SESSION
@YES
def session_end(output: Output, id: int, yes: bool) -> None:
    """Close the room of a session for good, from its planned start on."""
    from app.depositions import actions

    def act(db: "Db") -> "Deposition":
        return actions.end(db, id, by=BY, now=clock.now())

    _confirmed(output, yes, act, "It would end.", f"Ended session {id}.")


def _manager(db: "Db", email: str) -> int:
    """The id of the row of the roster with this address. Raises NotFound."""
    from app.depositions.queries import managers
    from app.kernel.errors import NotFound

    found = managers.by_email(db, email)
    if found is None:
        raise NotFound(f"Nobody in the roster has the address {email}. Nothing was changed.")
    return found.id
