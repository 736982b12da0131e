"""`desk webhook`: tests of the receivers of organizations."""

import sys
import time

import click

from app.cli_commands import BY, command, opened_database
from app.cli_output import Output
from app.kernel import clock


@click.group(help="Webhooks of organizations.")
def webhook() -> None:
    pass


@command(webhook, "test")
@click.argument("slug")
@click.argument("url")
@click.option("--wait", type=click.IntRange(0, 120), default=20, show_default=True, help="Seconds for the outcome.")
def webhook_test(output: Output, slug: str, url: str, wait: int) -> None:
    """Send a test webhook, as the worker sends every other, and print what came of it. Exit code 1 when it failed."""
    from app.accounts.queries import organization_named
    from app.depositions import actions
    from app.depositions.events import WEBHOOK_TEST
    from app.kernel.outbox.delivery_status import messages_about, status_of

    database = opened_database()
    with database.write() as db:
        found = organization_named(db, slug)
        actions.test_webhook(db, found.id, url, by=BY, now=clock.now())
        id = messages_about(db, WEBHOOK_TEST, found.id, limit=1)[0].id
    ends = time.monotonic() + wait
    while True:
        with database.read() as db:
            row = next(each for each in messages_about(db, WEBHOOK_TEST, found.id, limit=50) if each.id == id)
        status = status_of(row)
        if status != "queued" or time.monotonic() >= ends:
            break
        time.sleep(0.2)
    words = {"sent": "The receiver accepted it.", "queued": f"No worker has sent it within {wait} seconds."}
    sentence = words.get(status, f"It failed: {row.last_error}")
    output.done({"id": str(id), "status": status, "attempts": row.attempts, "reason": row.last_error}, sentence)
    if status != "sent":
        sys.exit(1)
