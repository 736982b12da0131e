"""`desk calibration`: the rounds in which agents decide the same cases once more."""

import click

from app.cli_commands import BY, command, opened_database
from app.cli_output import Output
from app.kernel import clock

ORGANIZATION = click.option("--organization", required=True, metavar="SLUG")


@click.group(help="Rounds in which every agent decides the same prescreens once more, without names.")
def calibration() -> None:
    pass


@command(calibration, "switch")
@click.argument("switch", type=click.Choice(["on", "off"]))
@ORGANIZATION
def switch(output: Output, switch: str, organization: str) -> None:
    """Switch the rounds on or off. They are off unless they were switched on."""
    from app.accounts.queries import organization_named
    from app.prescreens.actions import switch_measure
    from app.prescreens.measures import Measure

    with opened_database().write() as db:
        home = organization_named(db, organization)
        changed = switch_measure(db, home.id, Measure.CALIBRATION, switch == "on", by=BY, now=clock.now())
    facts = {"organization": organization, "on": switch == "on", "changed": changed}
    output.done(facts, f"Calibration of {home.name} is {switch}.")


@command(calibration, "list")
@ORGANIZATION
def list_(output: Output, organization: str) -> None:
    """The rounds of half a year, newest first, and how far agents agree in them."""
    from app.accounts.queries import organization_named
    from app.prescreens.presentation.calibration import finding
    from app.prescreens.queries import calibration as queries
    from app.prescreens.rules.calibration import agreement

    with opened_database().read() as db:
        rounds = queries.rounds(db, organization_named(db, organization).id)
        cases = queries.cases(db, rounds)
    rated = queries.counted(cases)
    facts = []
    for each in rounds:
        own = [case for case in cases if case.round_id == each.id]
        facts.append(
            {
                "round": each.number,
                "made_at": clock.iso(each.made_at),
                "closes_at": clock.iso(each.closes_at),
                "cases": len(own),
                "answered_by": len({id for case in own for id in case.rated.choices}),
            }
        )
    found = agreement(rated)
    kappa = {"kappa": found.kappa, "low": found.low, "high": found.high} if found else None
    lines = [f"Round {each['round']}, until {each['closes_at']}: answered by {each['answered_by']}" for each in facts]
    text = "\n".join([finding(rated), *lines]) if facts else "No round yet."
    output.done({"rounds": facts, "kappa": kappa, "finding": finding(rated)}, text)
