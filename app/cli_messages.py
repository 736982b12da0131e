"""`desk message`: what leaves the product, listed by its status, sent again, dismissed and restored."""

import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

import click

from app.cli_commands import BY, command, opened_database
from app.cli_output import Output
from app.config import Config
from app.kernel import clock
from app.kernel.errors import Conflict, NotFound
from app.kernel.text.template_filters import pluralize

if TYPE_CHECKING:
    from app.kernel.db.engine import Database, Db
    from app.kernel.outbox.delivery_status import ListedMessage
    from app.messages.queries import Filters

STATUSES = click.Choice(["failing", "failed", "queued", "sent", "dismissed", "dropped"])
CHANNELS = click.Choice(["email", "sms", "webhook", "job"])
IDS = click.argument("ids", nargs=-1, required=True, type=click.UUID, metavar="ID...")
Act = Callable[["Db", UUID, datetime], None]


@click.group(help="Messages: e-mails, text messages, webhooks and background work.")
def message() -> None:
    pass


def _filters(run: Callable[..., None]) -> Callable[..., None]:
    """The options that narrow a list of messages."""
    for option in reversed(
        (
            click.option("--channel", type=CHANNELS, default=None),
            click.option("--organization", "slug", metavar="SLUG", help="Those of this organization alone."),
        )
    ):
        run = option(run)
    return run


@command(message, "list")
@click.option("--status", type=STATUSES, default="failed", show_default=True)
@_filters
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
def message_list(output: Output, status: str, channel: str | None, slug: str | None, limit: int) -> None:
    """List messages of one status, newest first, with what was said when they failed."""
    database = opened_database()
    filters = _checked(database, channel, slug)
    found = list(islice(_messages(database, status, filters), limit + 1))
    facts = [_facts(each) for each in found[:limit]]
    lines = [_line(each) for each in facts] or [f"No message is {status}."]
    if len(found) > limit:
        lines.append(f"These are the newest {limit:,}; --limit shows more.")
    output.done({"messages": facts, "more": len(found) > limit}, "\n".join(lines))


@command(message, "send-again")
@click.argument("ids", nargs=-1, type=click.UUID, metavar="[ID]...")
@click.option("--all-failed", is_flag=True, help="Every failed one that the filters leave, instead of some ids.")
@_filters
@click.option("--yes", is_flag=True, help="With --all-failed: do it; without it the command only counts them.")
def message_send_again(
    output: Output, ids: tuple[UUID, ...], all_failed: bool, channel: str | None, slug: str | None, yes: bool
) -> None:
    """Queue messages to go now, under the same ids. Exit code 1 when some could not be, with the reasons."""
    from app.messages import actions
    from app.wiring import wire

    if all_failed == bool(ids):
        raise click.UsageError("Name messages by their ids, or use --all-failed.")
    database = opened_database()
    receipts = wire(Config.from_env(), database).receipts
    found: Iterable[UUID] = ids
    if all_failed:
        # As they are now: what fails anew meanwhile is not sent twice.
        found = [each.id for each in _messages(database, "failed", _checked(database, channel, slug))]
        if found and not yes:
            words = f"This sends {pluralize(len(found), 'failed message')} again. Nothing was sent: add --yes."
            output.done({"messages": len(found), "done": 0, "left": []}, words)
            return
    _act(
        output,
        database,
        found,
        lambda db, id, now: actions.send_again(db, id, by=BY, now=now, receipts=receipts),
        "queued again",
    )


@command(message, "dismiss")
@IDS
def message_dismiss(output: Output, ids: tuple[UUID, ...]) -> None:
    """Dismiss failed messages: they stay, and are no longer counted as a problem."""
    from app.messages import actions

    _act(output, opened_database(), ids, lambda db, id, now: actions.dismiss(db, id, by=BY, now=now), "dismissed")


@command(message, "restore")
@IDS
def message_restore(output: Output, ids: tuple[UUID, ...]) -> None:
    """Restore dismissed messages."""
    from app.messages import actions

    _act(output, opened_database(), ids, lambda db, id, now: actions.restore(db, id, by=BY, now=now), "restored")


def _act(output: Output, database: "Database", ids: Iterable[UUID], act: Act, done: str) -> None:
    """Does it to each, in a transaction of its own, and prints what was left alone. Ends with 1 where something was."""
    n, left = 0, list[dict[str, str]]()
    for id in dict.fromkeys(ids):
        try:
            with database.write() as db:
                act(db, id, clock.now())
            n += 1
        except (Conflict, NotFound) as refusal:
            detail = "There is no such message." if isinstance(refusal, NotFound) else refusal.detail
            left.append({"id": str(id), "reason": detail})
    lines = [f"{pluralize(n, 'message')} {done}.", *(f"{each['id']}: {each['reason']}" for each in left)]
    output.done({"done": n, "left": left}, "\n".join(lines))
    if left:
        sys.exit(1)


def _checked(database: "Database", channel: str | None, slug: str | None) -> "Filters":
    from app.accounts.queries import organization_named
    from app.messages.queries import Filters

    if slug:
        with database.read() as db:
            organization_named(db, slug)
    return Filters(channel=channel or "", organization=slug or "")


def _messages(database: "Database", status: str, filters: "Filters") -> "Iterator[ListedMessage]":
    """Those of one status, newest first, read a page at a time."""
    from app.accounts.scope import Scope
    from app.dashboard.subjects import PEOPLE
    from app.desks import SUBJECTS
    from app.kernel.outbox.delivery_status import ListedMessage
    from app.messages import queries, rules

    scopes = {desk: Scope(True, frozenset()) for desk in (*SUBJECTS.of_desks, PEOPLE)}
    after: str | None = None
    while True:
        with database.read() as db:
            page = queries.page_of_status(db, scopes, SUBJECTS, rules.STATUS_OF_TAB[status], filters, after)
        yield from map(ListedMessage._make, page.rows)
        after = page.next_cursor
        if after is None:
            return


def _facts(row: "ListedMessage") -> dict[str, object]:
    from app.kernel.outbox.delivery_status import status_of
    from app.messages.rules import TABS

    return {
        "id": str(row.id),
        "status": TABS[status_of(row)],
        "channel": row.channel,
        "to": row.destination,
        "summary": row.summary,
        "attempts": row.earlier_attempts + row.attempts,
        "reason": row.last_error,
        "created_at": clock.iso(row.created_at),
        "due_at": clock.iso(row.due_at),
        "finished_at": clock.iso(row.finished_at),
    }


def _line(facts: dict[str, object]) -> str:
    reason = f": {facts['reason']}" if facts["reason"] else ""
    return f"{facts['id']}  {facts['created_at']}  {facts['channel']} to {facts['to']}, {facts['summary']}{reason}"
