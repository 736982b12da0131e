"""What a chart says, as a sentence: found in its numbers, careful with few of them. Pure."""

from collections.abc import Sequence
from datetime import timedelta

from app.dashboard.charts import Slot, short
from app.dashboard.estimates import FEW, Spread, interval, share
from app.kernel.db.hourly_stats import DAY, HOUR
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize


def about(seconds: float | None) -> str:
    """A wait read from buckets, no more exact than it is known: `5 h 10 min`, `3 d 6 h`, `12 min`; empty for none."""
    if seconds is None:
        return ""
    unit = HOUR if seconds >= DAY else 600 if seconds >= HOUR else 60
    return datetimes.duration(timedelta(seconds=max(60, round(seconds / unit) * unit)))


def roughly(seconds: float) -> str:
    """The same in one unit, beside a dot: `12 min`, `5.2 h`, `3.3 d`."""
    unit, name = (DAY, "d") if seconds >= 2 * DAY else (HOUR, "h") if seconds >= HOUR else (60, "min")
    value = max(60.0, seconds) / unit
    return f"{round(value) if unit == 60 else round(value, 1):g} {name}"


def against(now: int, before: int, days: int) -> str:
    """`6 more than in the 30 days before`."""
    span = f"the {days} days before"
    if now == before:
        return f"as many as in {span}"
    return f"{abs(now - before):,} {'more' if now > before else 'fewer'} than in {span}"


def counted(slots: Sequence[Slot], sums: Sequence[int], before: int, days: int, one: str) -> str:
    """How many came, against the span before, and when most did."""
    return f"{pluralize(sum(sums), one)}, {against(sum(sums), before, days)}. {fullest(slots, sums, one)}".strip()


def fullest(slots: Sequence[Slot], sums: Sequence[int], one: str, many: str = "") -> str:
    """`Mon 23 Nov has the most, 14 requests.`; nothing when nothing stands out."""
    top = max(sums, default=0)
    if top < 2 or list(sums).count(top) > 1:
        return ""
    slot = slots[list(sums).index(top)]
    name = f"The week of {short(slot.first)}"
    if slot.first == slot.last:
        name = "Today" if slot.today else slot.name
    return f"{name} has the most, {pluralize(top, one, many) if many else pluralize(top, one)}."


def waited(spread: Spread | None, over_a_day: int, done: str) -> str:
    """How long it took: half within, nine of ten within (when there are enough), how many over a day."""
    if spread is None:
        return f"Nothing was {done} in this time."
    if spread.n < FEW:
        text = f"Too few for more than this: {spread.n:,} {'was' if spread.n == 1 else 'were'} {done}."
    else:
        text = f"Half were {done} within about {about(spread.half)}, nine of ten within {about(spread.high)}."
    return text + (f" {over_a_day:,} waited over a day." if over_a_day else "")


def by_week(weeks: Sequence[Slot], spreads: Sequence[Spread | None], done: str) -> str:
    """Between what the medians lie, and the last week where its slow tenth is twice that of the others. Weeks of few
    say nothing."""
    if not any(spreads):
        return f"Nothing was {done} in this time."
    known = [(each, week) for each, week in zip(spreads, weeks, strict=True) if each and each.high is not None]
    if not known:
        return f"Each week has fewer than {FEW}: too few for more than the half."
    if len(known) == 1 and len([each for each in spreads if each]) > 1:
        only, week = known[0]
        return f"Only the week of {short(week.first)} has {FEW} or more: half within about {about(only.half)}."
    halves = sorted(each.half for each, _ in known)
    low, high = about(halves[0]), about(halves[-1])
    text = f"Half within about {low}" + (f" to {high}." if low != high else ".")
    last, week = known[-1]
    others = [each.high for each, _ in known[:-1] if each.high is not None]
    if others and last.high is not None and last.high >= 2 * max(others):
        text += f" The slowest tenth took over {about(last.high)} in the week of {short(week.first)}."
    return text


def apart(names: Sequence[str], parts: Sequence[int], totals: Sequence[int], verb: str, does: str) -> str:
    """Which of several differs most from all together: one whose interval does not hold the share of all, else none."""
    whole = sum(totals)
    mean = sum(parts) / whole if whole else 0.0
    text = f"{sum(parts):,} of {whole:,} {verb}" + (f", {share(sum(parts), whole)}." if whole >= FEW else ".")
    far = [
        (abs(part / total - mean), part / total > mean, name)
        for name, part, total in zip(names, parts, totals, strict=True)
        if total and not interval(part, total)[0] <= mean <= interval(part, total)[1]
    ]
    if far:
        _, more, name = max(far)
        return f"{text} {name} {does} {'more' if more else 'less'} often than the others."
    return f"{text} None differs by more than chance." if len(names) > 1 and whole >= FEW else text


def percent_range(part: int, total: int) -> str:
    """`52% to 71%`: the interval of the true share."""
    low, high = interval(part, total)
    return f"{low * 100:.0f}% to {high * 100:.0f}%"


def lost(names: Sequence[str], values: Sequence[int]) -> str:
    """Where most are lost between two steps of a funnel."""
    falls = [(a - b, name) for a, b, name in zip(values, values[1:], names[1:], strict=False)]
    most, name = max(falls, default=(0, ""))
    return f" Most are lost before “{name}”: {most:,}." if most >= 3 else ""
