"""`desk depositions`: what operators do at the depositions desk."""

from typing import Any, cast

import click

from app.cli_commands import BY, command, opened_database
from app.cli_output import Output
from app.kernel import clock

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

    changes: dict[str, Any] = {name: value == "on" for name, value in switches.items() if value is not None}
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


@command(depositions, "reconfirm")
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
