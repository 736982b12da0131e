"""`desk depositions`: what operators do at the depositions desk."""

import secrets
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import click

from app.cli_commands import BY, command, opened_database
from app.cli_output import Output
from app.kernel import clock

if TYPE_CHECKING:
    from app.depositions.models import Deposition

SWITCH = click.Choice(["on", "off"])


@click.group(help="The depositions desk.")
def depositions() -> None:
    pass


@command(depositions, "settings")
@click.argument("slug")
@click.option("--reminders", type=SWITCH, help="Remind participants 24 hours and 1 hour before.")
@click.option("--reconfirmation", type=SWITCH, help="Ask on the business day before whether the session takes place.")
@click.option("--reconfirm-deponent", type=SWITCH, help="Ask the deponent too.")
@click.option("--silence-is-yes", type=SWITCH, help="Count no answer as yes.")
@click.option("--postback-cancellations", type=SWITCH, help="Send cancellations to the webhook.")
@click.option("--promised-hours", help="Business hours within which requests are answered; 'team' for the team's own.")
def settings(output: Output, slug: str, promised_hours: str | None, **switches: str | None) -> None:
    """Show what an organization chose, or change it. What is not named stays as it is."""
    from app.accounts.queries import organization_named
    from app.depositions import actions
    from app.depositions.events import SETTING_LABELS, setting
    from app.depositions.queries import settings as queries
    from app.depositions.rules.settings import PROMISED_RANGE, SettingsFields

    changes: dict[str, Any] = {  # of the types of SettingsFields
        name: value == "on" for name, value in switches.items() if value is not None
    }
    if promised_hours is not None:
        if promised_hours != "team" and not (promised_hours.isascii() and promised_hours.isdigit()):
            raise click.BadParameter(PROMISED_RANGE, param_hint="--promised-hours")
        changes["promised_hours"] = None if promised_hours == "team" else int(promised_hours[:9])
    with opened_database().write() as db:
        found = organization_named(db, slug)
        before = queries.of_organization(db, found.id)
        after = before
        if changes:
            after = actions.change_settings(db, found.id, cast(SettingsFields, changes), by=BY, now=clock.now())
    facts = {name: getattr(after, name) for name in SETTING_LABELS}
    changed = f"Changed {found.name} ({slug}).\n" if after != before else ""
    words = "\n".join(f"{label}: {setting(facts[name])}" for name, label in SETTING_LABELS.items())
    output.done({"organization": slug, **facts, "changed": after != before}, changed + words)


@command(depositions, "read-replies")
def read_replies(output: Output) -> None:
    """Read the answers of calendar programs from the mailbox of IMAP_URL, as the worker does each minute."""
    from app.depositions.actions import mailbox

    database = opened_database()
    if not database.config.imap_url:
        raise click.ClickException("IMAP_URL is not set, so there is no mailbox to read.")
    found = mailbox.read_replies(database, clock.now())
    words = "; ".join(f"{n} {name}" for name, n in found.items()) or "nothing new"
    output.done({"read": dict(found)}, f"Read: {words}.")


@click.group(help="One deposition: a session request and the session it becomes.")
def deposition() -> None:
    pass


@command(deposition, "request")
@click.option("--organization", "slug", required=True, metavar="SLUG", help="For whom it is created.")
@click.option("--title", required=True)
@click.option("--case", required=True)
@click.option("--date", "start_date", required=True, help="YYYY-MM-DD.")
@click.option("--time", "start_time", required=True, help="2:30 PM, or 14:30.")
@click.option("--zone", "time_zone", required=True, help="Such as 'Pacific Time (US & Canada)' or America/Denver.")
@click.option("--hours", type=float, help="How long it takes.")
@click.option("--file-number")
@click.option("--deponent", "deponent_name")
@click.option("--deponent-email")
@click.option("--role", "deponent_role", type=click.Choice(["deponent", "witness"]))
@click.option("--invite", "invites", multiple=True, help="An address; may be repeated.")
@click.option("--host", "hosts", multiple=True, help="The same, as a host.")
@click.option("--language")
@click.option("--interpreter")
@click.option("--postback-url")
@click.option("--asked-by", default="", help="Who asked for it; kept in the activity.")
@click.option("--how", type=click.Choice(["phone", "mail"]), default="phone", show_default=True)
def deposition_request(
    output: Output,
    slug: str,
    hours: float | None,
    asked_by: str,
    how: str,
    invites: tuple[str, ...],
    **typed: Any,  # as click reads the options
) -> None:
    """Enter a request for an organization. Checked as the API checks one; each call enters another."""
    from app.accounts.queries import organization_named
    from app.accounts.rules import check_open
    from app.depositions import actions
    from app.depositions.payloads import incoming
    from app.depositions.rules.mail.hours import clock_written
    from app.kernel.api.validation import read, without_nulls

    hosts = typed.pop("hosts")
    moment = {name: typed[name] for name in ("title", "case", "file_number", "start_date", "start_time", "time_zone")}
    moment["start_time"] = clock_written(moment["start_time"]) or moment["start_time"]
    asked = {
        "remote_session": {**moment, "estimated_duration": hours and (int(hours) if hours.is_integer() else hours)},
        "deponent": {name: typed[f"deponent_{name}"] for name in ("name", "email", "role")},
        "invites": [*invites, *({"email": host, "access_level": "host"} for host in hosts)],
        "session_details": {name: typed[name] for name in ("language", "interpreter")},
        "postback_url": typed["postback_url"],
    }
    wanted = incoming.new_request_of(read(incoming.CreateBody, without_nulls({"session_request": asked})))
    with opened_database().write() as db:
        found = organization_named(db, slug)
        check_open(found.name, found.closed_at)
        entry = actions.Entry(asked_by[:200], how, secrets.token_bytes(32))
        made = actions.request(db, found, wanted, by=BY, now=clock.now(), entry=entry)
        facts = {"id": made.id, "organization": slug, "state": made.state, "starts_at": clock.iso(made.starts_at)}
    output.done(facts, f"Created as request {facts['id']} for {found.name}, state {facts['state']}.")


@command(deposition, "reconfirm")
@click.argument("id", type=click.IntRange(1, 2**63 - 1))
@click.option(
    "--person", default="organization", help="The e-mail address of a host or the deponent.", show_default=True
)
@click.option("--answer", type=click.Choice(["yes", "no", "call"]), default="yes", show_default=True)
def reconfirm(output: Output, id: int, person: str, answer: str) -> None:
    """Write down what somebody said on the phone about whether a session takes place."""
    from app.depositions import actions
    from app.depositions.queries.people import address_key
    from app.depositions.rules.reconfirmation import Answer

    key = "organization:" if person == "organization" else f"participant:{address_key(person)}"
    with opened_database().write() as db:
        found = actions.reconfirm(db, id, key, Answer(answer), by=BY, now=clock.now(), by_phone=True)
    output.done({"id": found.id, "person": person, "answer": answer}, f"Written down for session {found.id}.")


@command(deposition, "ask")
@click.argument("id", type=click.IntRange(1, 2**63 - 1))
@click.option("--question", required=True)
@click.option("--hour", "hours", multiple=True, help="2026-12-17T14:00, on the session's own clock; at most three.")
@click.option("--text", is_flag=True, help="They answer in their own words; without it and --hour, with yes or no.")
def ask(output: Output, id: int, question: str, hours: tuple[str, ...], text: bool) -> None:
    """Ask the organization by e-mail, with prepared answers. A question that is open is replaced."""
    from app.depositions import actions
    from app.depositions.rules.questions import MOST_HOURS, QUESTION_LIMIT, Kind, NewQuestion

    if len(hours) > MOST_HOURS or not 0 < len(question.strip()) <= QUESTION_LIMIT:
        raise click.UsageError(
            f"Use at most {MOST_HOURS} hours, and a question of at most {QUESTION_LIMIT} characters."
        )
    kind = Kind.HOURS if hours else Kind.TEXT if text else Kind.YES_NO
    with opened_database().write() as db:
        found = actions.ask(db, id, NewQuestion(question.strip(), kind, hours), by=BY, now=clock.now())
    output.done({"id": found.id, "kind": kind.value}, f"The organization is asked about session {found.id}.")


@command(deposition, "checklist")
@click.argument("id", type=click.IntRange(1, 2**63 - 1))
@click.argument("items", nargs=-1, required=True, metavar="ITEM=PROGRESS…")
def change_checklist(output: Output, id: int, items: tuple[str, ...]) -> None:
    """Write what is prepared: interpreter, exhibits, reporter or link, each none, open or done, as exhibits=done."""
    from app.depositions import actions
    from app.depositions.rules.checklist import read

    wanted = read(dict(item.partition("=")[::2] for item in items))
    with opened_database().write() as db:
        found = actions.change_checklist(db, id, wanted, by=BY, now=clock.now())
    facts = {item.value: progress.value for item, progress in wanted.items()}
    output.done({"id": found.id, **facts}, f"The checklist of {found.id} is written.")


@command(deposition, "settle-question")
@click.argument("id", type=click.IntRange(1, 2**63 - 1))
def settle_question(output: Output, id: int) -> None:
    """Withdraw the open question, or be done with its answer."""
    from app.depositions import actions

    with opened_database().write() as db:
        found = actions.settle_question(db, id, by=BY, now=clock.now())
    output.done({"id": found.id}, f"No question about session {found.id} waits any more.")


@command(deposition, "propose")
@click.argument("id", type=click.IntRange(1, 2**63 - 1))
@click.option("--slot", "slots", multiple=True, help="2026-12-17T18:00:00Z, in UTC; without it the first three found.")
@click.option("--quorum", type=click.IntRange(1, 100), help="How many have to be able to come; all without it.")
@click.option("--because", default="", help="Why, as participants read it.")
@click.option("--own-clock", is_flag=True, help="Look at the session's own clock only.")
def propose(output: Output, id: int, slots: tuple[str, ...], quorum: int | None, because: str, own_clock: bool) -> None:
    """Ask every participant by e-mail which hours suit them. Hours that are offered already are replaced."""
    from app.depositions import actions
    from app.depositions.queries import proposals
    from app.depositions.rules.proposals import NewProposal, read_slot, written

    try:
        wanted = tuple(read_slot(slot) for slot in slots)
    except ValueError:
        raise click.UsageError("Write each slot as 2026-12-17T18:00:00Z.") from None
    now = clock.now()
    with opened_database().write() as db:
        wanted = wanted or proposals.first_found(db, id, now, own_clock_only=own_clock)
        new = NewProposal(wanted, quorum or 0, None, because[:300], own_clock)
        found = actions.propose(db, id, new, by=BY, now=now)
        made = proposals.latest(db, id)
        quorum = made.quorum if made else 0
    names = [written(slot) for slot in wanted]
    output.done(
        {"id": found.id, "slots": names, "quorum": quorum}, f"Offered for session {found.id}: {', '.join(names)}."
    )


@command(deposition, "hours")
@click.argument("id", type=click.IntRange(1, 2**63 - 1))
def proposed_hours(output: Output, id: int) -> None:
    """Show how the hours stand that were offered last."""
    from sqlalchemy import true

    from app.depositions.queries import detail, proposals
    from app.depositions.rules.proposals import written
    from app.kernel.errors import NotFound

    with opened_database().read() as db:
        proposal = proposals.latest(db, id)
        if proposal is None:
            raise NotFound("No other hours were offered for this session.")
        found = proposals.matrix(db, detail.get(db, id, true()), proposal)
    facts = [
        {
            "starts_at": written(each.starts_at),
            "yes": each.yes,
            "maybe": each.maybe,
            "no": each.no,
            "agreed": each.agreed,
        }
        for each in found.slots
    ]
    lines = (f"{written(each.starts_at)}: {each.able} of {len(found.people)}. {each.sentence}." for each in found.slots)
    output.done({"id": id, "state": proposal.state, "slots": facts}, "\n".join(lines))


@command(deposition, "remind-hours")
@click.argument("id", type=click.IntRange(1, 2**63 - 1))
def remind_hours(output: Output, id: int) -> None:
    """Remind those who have not answered about the offered hours, everybody once."""
    from app.depositions import actions

    with opened_database().write() as db:
        found = actions.remind_hours(db, id, by=BY, now=clock.now())
    output.done({"id": found.id}, f"Those who have not answered about session {found.id} are reminded.")


@command(deposition, "ask-added")
@click.argument("id", type=click.IntRange(1, 2**63 - 1))
def ask_added(output: Output, id: int) -> None:
    """Ask those who take part only since the hours were offered."""
    from app.depositions import actions

    with opened_database().write() as db:
        found = actions.ask_added(db, id, by=BY, now=clock.now())
    output.done({"id": found.id}, f"Those who were added to session {found.id} are asked too.")


@command(deposition, "withdraw-proposal")
@click.argument("id", type=click.IntRange(1, 2**63 - 1))
def withdraw_proposal(output: Output, id: int) -> None:
    """Offer the hours no longer. Nobody is written to; the links say it."""
    from app.depositions import actions

    with opened_database().write() as db:
        found = actions.withdraw_proposal(db, id, by=BY, now=clock.now())
    output.done({"id": found.id}, f"No other hours are offered for session {found.id} any more.")


@command(deposition, "keep-clock-time")
@click.argument("id", type=click.IntRange(1, 2**63 - 1))
@click.option("--reason", default="", help="Why in spite of a conflict; kept in the activity.")
def keep_clock_time(output: Output, id: int, reason: str) -> None:
    """Leave the time on the clock as it was written, after zone rules have changed. Everybody invited is notified."""
    from app.depositions import actions

    with opened_database().write() as db:
        made = actions.keep_clock_time(db, id, by=BY, now=clock.now(), reason=reason)
    _print_hour(output, made)


@command(deposition, "keep-moment")
@click.argument("id", type=click.IntRange(1, 2**63 - 1))
@click.option("--reason", default="", help="Why in spite of a conflict; kept in the activity.")
def keep_moment(output: Output, id: int, reason: str) -> None:
    """Leave the moment as it is, after zone rules have changed. Everybody invited is notified."""
    from app.depositions import actions

    with opened_database().write() as db:
        made = actions.keep_moment(db, id, by=BY, now=clock.now(), reason=reason)
    _print_hour(output, made)


def _print_hour(output: Output, made: "Deposition") -> None:
    facts = {"id": made.id, "starts_at": clock.iso(made.starts_at), "start_date": made.start_date}
    words = f"Deposition {made.id} starts at {made.start_date}, {made.start_time}, {made.time_zone}."
    output.done({**facts, "start_time": made.start_time, "time_zone": made.time_zone}, words)


def check_conflicts(output: Output) -> None:
    """Recompute what sessions need and which overlap. Exit code 1 when something is kept otherwise."""
    from app.depositions.queries import conflicts

    with opened_database().read() as db:
        wrong = conflicts.differences(db)
    _print_differences(output, wrong, "Every conflict is kept as it is.")


def check_zones(output: Output) -> None:
    """Look for sessions whose hour moved, or that older zone rules placed. Exit code 1 when there are."""
    from app.depositions.queries import zone_checks
    from app.kernel.text import time_zones

    with opened_database().read() as db:
        wrong = zone_checks.undecided(db, clock.now())
    _print_differences(output, wrong, f"Every session ahead was placed by the rules of {time_zones.VERSION}.")


def _print_differences(output: Output, wrong: Sequence[str], fine: str) -> None:
    if not wrong:
        output.done({"equal": True, "differences": []}, fine)
        return
    if output.as_json:
        output.done({"equal": False, "differences": list(wrong)}, "")
    for each in wrong[:50]:
        click.echo(each, err=True)
    sys.exit(1)


@command(deposition, "decline-cancellation")
@click.argument("id", type=click.IntRange(1, 2**63 - 1))
@click.option("--notice", required=True, help="Why the session stays. The organization reads it in the API.")
def decline_cancellation(output: Output, id: int, notice: str) -> None:
    """Decline the organization's request to cancel a session. Nobody gets an e-mail."""
    from app.depositions import actions

    with opened_database().write() as db:
        found = actions.decline_cancellation(db, id, notice, by=BY, now=clock.now())
    output.done({"id": found.id, "state": found.state, "notice": found.notice}, f"Session {found.id} stays.")


@command(deposition, "tell")
@click.argument("id", type=click.IntRange(1, 2**63 - 1))
def tell(output: Output, id: int) -> None:
    """Send how a session stands to those who know something that no longer holds, and to nobody else."""
    from app.depositions import actions
    from app.depositions.events import SUBJECT
    from app.kernel.changes.events import timeline

    with opened_database().write() as db:
        found = actions.tell(db, id, by=BY, now=clock.now())
        written_to = dict(timeline(db, SUBJECT, id)[0].data)
    names = [*written_to["people"], *(["their system"] if written_to["webhook"] else [])]
    output.done({"id": found.id, **written_to}, f"To be sent to {', '.join(names)}.")
