"""`desk calibration`: the rounds in which agents decide the same cases once more."""

import click

from app.cli_commands import BY, command, opened_database
from app.cli_output import Output
from app.kernel import clock
from app.kernel.errors import NotFound

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


@command(calibration, "show")
@click.argument("number", type=int)
@ORGANIZATION
@click.option("--names", is_flag=True, help="The names of agents instead of letters.")
def show(output: Output, number: int, organization: str, names: bool) -> None:
    """The cases of a round, without names of prospects, and what each agent chose."""
    from app.accounts.queries import organization_named
    from app.prescreens.presentation.calibration import agents_of, case_row, round_file
    from app.prescreens.presentation.fairness import agent_names
    from app.prescreens.queries import calibration as queries

    with opened_database().read() as db:
        home = organization_named(db, organization)
        rounds = queries.rounds(db, home.id)
        cases = queries.cases(db, rounds)
        found = next((each for each in rounds if each.number == number), None)
        if found is None:
            raise NotFound(f"There is no round {number} of {home.name} in the last half year.")
        known = queries.names(db, agents_of(queries.counted(cases)))
    agents = {int(str(id)): name for id, name in agent_names(known, home.id, names).items()}
    own = [(case_row(case, 0, True), case) for case in cases if case.round_id == found.id]
    head, rows = round_file(own, agents)
    lines = [f"Case {row[0]} was {row[2]}: {row[3]} would approve, {row[4]} deny" for row in rows]
    output.done({"round": number, "cases": [dict(zip(head, row, strict=True)) for row in rows]}, "\n".join(lines))
