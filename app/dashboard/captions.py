"""What a chart says, as a sentence: found in its numbers, careful with few of them. Pure."""

from collections.abc import Sequence
from datetime import timedelta

from app.dashboard.charts import FEW, Slot, share
from app.kernel.db.hourly_stats import DAY, HOUR
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize


def about(seconds: float | None) -> str:
    """A wait read from buckets, no more exact than it is known: `5 h 10 min`, `3 d 6 h`, `12 min`; empty for none."""
    if seconds is None:
        return ""
    unit = HOUR if seconds >= DAY else 600 if seconds >= HOUR else 60
    return datetimes.duration(timedelta(seconds=max(60, round(seconds / unit) * unit)))


def brief(seconds: float | None) -> str:
    """The same as a figure: `5 h 10`; `0` for none."""
    text = about(seconds)
    return text.removesuffix(" min") if " h " in text else text or "0"


def against(now: int, before: int, days: int) -> str:
    """`6 more than in the 30 days before`."""
    span = f"the {days} days before"
    if now == before:
        return f"as many as in {span}"
    return f"{abs(now - before):,} {'more' if now > before else 'fewer'} than in {span}"


def was(value: str) -> str:
    """The small print beside a number."""
    return f"was {value}" if value else "none before"


def fullest(slots: Sequence[Slot], sums: Sequence[int], one: str, many: str = "") -> str:
    """`Mon 23 Nov was the fullest, with 14 requests.`; nothing when nothing stands out."""
    top = max(sums, default=0)
    if top < 2 or list(sums).count(top) > 1:
        return ""
    slot = slots[list(sums).index(top)]
    name = "Today" if slot.today and slot.first == slot.last else slot.name
    return f"{name} has the most, {pluralize(top, one, many) if many else pluralize(top, one)}."


def waited(median: float | None, ninety: float | None, over_a_day: int, total: int, done: str) -> str:
    """How long it took: half within, nine of ten within (when there are enough), how many over a day."""
    if median is None:
        return f"Nothing was {done} in this time."
    if total < FEW:
        text = f"Too few for more than this: {total:,} {'was' if total == 1 else 'were'} {done}."
    else:
        text = f"Half were {done} within about {about(median)}, nine of ten within {about(ninety)}."
    return text + (f" {over_a_day:,} waited over a day." if over_a_day else "")


def apart(names: Sequence[str], parts: Sequence[int], totals: Sequence[int], verb: str) -> str:
    """Which of several differs most from all together; quiet where the numbers are too small to say so."""
    whole = sum(totals)
    enough = [(p / t, name) for name, p, t in zip(names, parts, totals, strict=True) if t >= FEW]
    text = f"{sum(parts):,} of {whole:,} {verb}" + (f", {share(sum(parts), whole)}." if whole >= FEW else ".")
    if len(enough) > 1:
        mean = sum(parts) / whole
        rate, name = max(enough, key=lambda each: abs(each[0] - mean))
        if abs(rate - mean) >= 0.15:
            text += f" {name} is {verb} {'more' if rate > mean else 'less'} often than the others."
    return text


def lost(names: Sequence[str], values: Sequence[int]) -> str:
    """Where most are lost between two steps of a funnel."""
    falls = [(a - b, name) for a, b, name in zip(values, values[1:], names[1:], strict=False)]
    most, name = max(falls, default=(0, ""))
    return f" Most are lost before “{name}”: {most:,}." if most >= 3 else ""
