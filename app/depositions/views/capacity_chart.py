"""What is asked for and expected on the next business days against what the team can hold, on the overview."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from flask import url_for

from app.accounts.access import me
from app.accounts.roles import DEPOSITIONS
from app.dashboard import charts
from app.dashboard.charts import Chart, Column, Link, Row, Series
from app.dashboard.overview import Overview, Phrase
from app.depositions.queries import capacity as queries
from app.depositions.queries import tabs
from app.depositions.rules.capacity import days as rules
from app.depositions.rules.capacity.days import Capacity, Day
from app.kernel.db.transaction import db
from app.kernel.text import datetimes
from app.kernel.text.datetimes import DAYS

BOOKED, WAITING, EXPECTED = "series-2", "series-1", "expected"
SHORT, TIGHT = "toned-fill danger", "toned-fill warn"


def read(page: Overview) -> Capacity | None:
    """The capacity of the team; None for people outside of it, and on the overview of one organization: managers
    work for all."""
    if page.organization_id or not me().scope(DEPOSITIONS).everything:
        return None
    found = queries.capacity(db(), page.now, page.zone)
    return found if found.days and (found.hours_known or any(day.asked for day in found.days)) else None


def phrases(page: Overview, found: Capacity | None) -> list[Phrase]:
    """The day that is short, for the sentence on top."""
    worst = rules.worst(found) if found else None
    if worst is None:
        return []
    asked, _, words = rules.asked_words(worst).partition(" ")
    lead = f"{rules.day_name(worst, page.today)}:"
    return [Phrase(asked, words, lead=lead, url=_board(worst), tone="danger")]


def charts_of(page: Overview, found: Capacity | None) -> list[Chart]:
    """A bar a business day; each leads to its day on the board."""
    if found is None:
        return []
    days = found.days
    columns = [Column((str(one.day.day), DAYS[one.day.weekday()][:2]), one.day == page.today) for one in days]
    expected = [one.expected.mean if one.expected else 0.0 for one in days]
    values: list[Sequence[float]] = [[one.booked for one in days], [one.waiting for one in days], expected]
    tones = [
        [SHORT if one.short and found.hours_known and not one.waiting else BOOKED for one in days],
        [SHORT if one.short and found.hours_known else WAITING for one in days],
        [TIGHT if one.may_be_short and not one.short and found.hours_known else EXPECTED for one in days],
    ]
    bands = [
        (one.asked + one.expected.low, one.asked + one.expected.high) if one.expected and one.expected.high else None
        for one in days
    ]
    limits = [one.possible if found.hours_known else None for one in days]
    links = [Link(_board(one), f"{one.asked:,} asked for, {_name(page, one)}") for one in days]
    return [
        Chart(
            "capacity",
            "Can we hold what is coming?",
            rules.finding(found, page.today),
            charts.bars(columns, tones, values, links, bands, limits),
            ("Day", "Booked", "Still waiting", "Expected (80%)", "Can be held", "Hours at work", "Hours taken"),
            tuple(_row(page, one, found) for one in days),
            tuple(_legend(found)),
            wide=True,
            further=tuple(_further(found)),
        )
    ]


def _further(found: Capacity) -> Iterator[Link]:
    """Where something can be done about it: the plan while something waits, the week, and what runs now."""
    if any(one.waiting for one in found.days):
        yield Link(url_for(".plan"), "Propose a plan")
    day = (rules.worst(found) or found.days[0]).day
    yield Link(url_for(".board", week=day.isoformat()), "Week")
    yield Link(url_for(".now_page"), "Now")


def _legend(found: Capacity) -> list[Series]:
    legend = [Series("booked", BOOKED), Series("still waiting", WAITING)]
    short = found.hours_known and any(one.short for one in found.days)
    tight = found.hours_known and any(one.may_be_short and not one.short for one in found.days)
    if short:
        legend.append(Series("more than can be held", SHORT))
    if found.expects:
        legend.append(Series("expected, with the range of four in five", EXPECTED))
    if tight:
        legend.append(Series("expected, may pass what can be held", TIGHT))
    if found.hours_known:
        legend.append(Series("can be held", "limit-key"))
    return legend


def _row(page: Overview, one: Day, found: Capacity) -> Row:
    expected = rules.expected_words(one.expected) if one.expected else ""
    possible = f"{one.possible:,}" if found.hours_known else ""
    hours = [f"{length / timedelta(hours=1):.1f}".removesuffix(".0") for length in (one.at_work, one.taken)]
    urls = (
        _list(page, one, tabs.SCHEDULED) if one.booked else "",
        _list(page, one, None) if one.waiting else "",
        "",
        _board(one) if possible else "",
    )
    return Row(_name(page, one), (one.booked, one.waiting, expected, possible, *hours), urls)


def _name(page: Overview, one: Day) -> str:
    return datetimes.day(one.day, page.today)


def _board(one: Day) -> str:
    return url_for(".board", day=one.day.isoformat())


def _list(page: Overview, one: Day, tab: str | None) -> str:
    return page.url(".list", view=tab, **{"from": one.day.isoformat(), "to": one.day.isoformat()})
