"""`desk fairness`: how alike an organization's decisions are, and whether that is measured."""

import click

from app.cli_commands import BY, command, opened_database
from app.cli_output import Output
from app.kernel import clock
from app.kernel.errors import Conflict

ORGANIZATION = click.option("--organization", required=True, metavar="SLUG")


@click.group(help="How alike decisions about prescreens are.")
def fairness() -> None:
    pass


@command(fairness, "switch")
@click.argument("switch", type=click.Choice(["on", "off"]))
@ORGANIZATION
def switch(output: Output, switch: str, organization: str) -> None:
    """Switch the page on or off. It is off unless it was switched on."""
    from app.accounts.queries import organization_named
    from app.prescreens.actions import switch_measure
    from app.prescreens.measures import Measure

    with opened_database().write() as db:
        home = organization_named(db, organization)
        changed = switch_measure(db, home.id, Measure.FAIRNESS, switch == "on", by=BY, now=clock.now())
    facts = {"organization": organization, "on": switch == "on", "changed": changed}
    output.done(facts, f"The fairness page of {home.name} is {switch}.")


@command(fairness, "show")
@ORGANIZATION
@click.option("--names", is_flag=True, help="The names of agents instead of letters.")
def show(output: Output, organization: str, names: bool) -> None:
    """What the page shows: each share with its number and its range."""
    from app.accounts.queries import organization_named
    from app.prescreens.measures import Measure
    from app.prescreens.presentation.fairness import opening, tables
    from app.prescreens.queries import fairness as queries

    with opened_database().read() as db:
        home = organization_named(db, organization)
        if not queries.is_on(db, home.id, Measure.FAIRNESS):
            raise Conflict(f"The fairness page of {home.name} is off. Nothing was computed.", code="fairness.off")
        measured = queries.measured(db, home.id, home.time_zone)
        shown = tables(measured, home.id, named=names)
    sentences = opening(measured, shown, home.time_zone)
    facts = {
        table.key: {
            "finding": table.finding,
            "missing": table.missing,
            "groups": [
                {"group": line.name, "approved": line.share.part, "decided": line.share.n, "beside": line.beside}
                for line in table.lines
            ],
        }
        for table in shown
    }
    words = list(sentences)
    for table in shown:
        words += [f"\n{table.title}. {table.finding}"]
        words += [
            f"  {line.share.part:>5} of {line.share.n:<5} {table.values(line)[3]:<12} {line.name}"
            for line in table.lines
        ]
    output.done({"opening": " ".join(sentences), **facts}, "\n".join(words))
