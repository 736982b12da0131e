"""Blind first looks beside the decisions that followed, for the overview: how often they differ, and which way."""

from collections.abc import Mapping

from app.dashboard import charts
from app.dashboard.charts import Chart, Row
from app.dashboard.overview_charts import SHARE
from app.kernel.text.template_filters import pluralize

DECISIONS = {"approve": "approved", "deny": "denied"}


def chart(counted: Mapping[tuple[str, str], int]) -> Chart | None:
    """The chart of how many were decided by what was chosen at the first look; None where nothing was."""
    decided = {choice: [counted.get((choice, word), 0) for word in DECISIONS.values()] for choice in DECISIONS}
    if not counted:
        return None
    names = [f"Would {choice}" for choice in DECISIONS]
    approved, totals = [n[0] for n in decided.values()], [sum(n) for n in decided.values()]
    return Chart(
        "first-looks",
        "Blind first looks and decisions",
        finding(counted),
        charts.shares([f"{name}: approved" for name in names], approved, totals),
        ("At the first look", "Approved", "Denied"),
        tuple(Row(name, tuple(n)) for name, n in zip(names, decided.values(), strict=True)),
        SHARE,
    )


def finding(counted: Mapping[tuple[str, str], int]) -> str:
    """How often they differ, and which way: `40 were decided after a blind first look. 3 differ from it: …`."""
    total = sum(counted.values())
    ways = [
        (n, f"would have been {'denied' if word == 'approved' else 'approved'}")
        for choice, word in (("deny", "approved"), ("approve", "denied"))
        if (n := counted.get((choice, word), 0))
    ]
    differ = sum(n for n, _ in ways)
    start = f"{pluralize(total, 'was', 'were')} decided after a blind first look"
    if not differ:
        return f"{start}; none differs from it."
    if total == 1:
        return f"{start}, and differs from it: {ways[0][1]}."
    which = ", ".join(f"{n:,} {words}" for n, words in ways)
    return f"{start}. {differ:,} {'differs' if differ == 1 else 'differ'} from it: {which}."
