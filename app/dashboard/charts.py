"""Charts as pure arithmetic: numbers in, shapes out, which templates/macros/charts.html draws as SVG.

Across, everything is a percentage, so that type never scales; down, it is pixels. Each picture comes with its table and
its sentence (findings.py). Nothing here knows the web or the database (docs/decisions/0014-charts.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from math import ceil, floor, log10

from app.kernel.db.hourly_stats import DAY, HOUR, WAITS

TOP, BASE, HEIGHT = 6, 126, 150
"""Pixels from the top to the highest bar's end, to the axis, and in all."""
RIGHT = 94.0
"""Per cent taken by bars; what is right of it belongs to the numbers of the grid."""
FEW = 10
"""From so many on shares are said in per cent."""


@dataclass(frozen=True, slots=True)
class Box:
    tone: str
    x: float
    width: float
    y: float
    height: float
    rx: int = 0


@dataclass(frozen=True, slots=True)
class Stroke:
    tone: str
    x1: float
    x2: float
    y1: float
    y2: float


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    x: float
    y: float
    tone: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn, from back to front: lines, boxes, words."""

    height: int
    strokes: tuple[Stroke, ...] = ()
    boxes: tuple[Box, ...] = ()
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of thing in a chart. `tone` is its class: `series-1`, `series-2`, or `toned-fill` with a tone."""

    name: str
    tone: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of whole days under one bar. `short` stands on the axis where there is room, `name` in the table."""

    first: date
    last: date
    name: str
    short: str
    today: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a chart's table; `url` is the list that holds what was counted."""

    name: str
    values: tuple[str | int, ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure: title, the finding as a sentence, the picture with its label, and the same as a table."""

    key: str
    title: str
    finding: str
    label: str
    picture: Picture | None
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    legend: tuple[Series, ...] = ()
    links: tuple[tuple[str, str], ...] = field(default=())


def ticks(top: float, most: int = 3) -> list[int]:
    """At most `most` round numbers above 0 that span `top`: steps of 1, 2 or 5 times a power of ten. None for 0."""
    if top <= 0:
        return []
    rough = max(1.0, top / most)
    power = 10 ** floor(log10(rough))
    step = next(n * power for n in (1, 2, 5, 10) if n * power >= rough)
    return [int(step * n) for n in range(1, int(top // step) + 1)]


def height_of(value: float, top: float) -> float:
    """Pixels of a bar. Nothing is nothing; the least something still shows."""
    if value <= 0 or top <= 0:
        return 0.0
    return max(2.0, round(value / top * (BASE - TOP), 1))


def bars(slots: Sequence[Slot], series: Sequence[Series], values: Sequence[Sequence[int]]) -> Picture:
    """A stacked bar a slot. `values[s][n]` is series s in slot n."""
    sums = [sum(each) for each in zip(*values, strict=True)]
    top = max(sums, default=0)
    strokes, words = _grid(top)
    pitch = RIGHT / max(1, len(slots))
    width = pitch * 0.66
    boxes: list[Box] = []
    for n, slot in enumerate(slots):
        x, y = n * pitch + (pitch - width) / 2, float(BASE)
        for one, of in zip(series, values, strict=True):
            tall = height_of(of[n], top)
            if tall:
                y -= tall
                boxes.append(Box(one.tone, x, width, y, max(1.0, tall - 1)))
        if slot.short:
            words.append(Word(slot.short, x + width / 2, 142, "value" if slot.today else "", "middle"))
    strokes.append(Stroke("", 0, RIGHT, BASE, BASE))
    return Picture(HEIGHT, tuple(strokes), tuple(boxes), tuple(words))


def _grid(top: float, unit: float = 1, name: str = "") -> tuple[list[Stroke], list[Word]]:
    strokes, words = [], []
    for tick in ticks(top / unit):
        y = round(BASE - tick * unit / top * (BASE - TOP))
        strokes.append(Stroke("gridline", 0, 100, y, y))
        words.append(Word(f"{tick:,}{name}", 100, y - 4, "", "end"))
    return strokes, words


def steps(slots: Sequence[Slot], series: Sequence[Series], values: Sequence[Sequence[float | None]]) -> Picture:
    """Waiting times as steps, in seconds; None is a slot in which nothing ended its wait, and breaks the line."""
    top = max((v for of in values for v in of if v is not None), default=0.0)
    unit, name = (DAY, " d") if top >= 2 * DAY else (HOUR, " h") if top >= HOUR else (60, " min")
    strokes, words = _grid(top, unit, name)
    pitch = RIGHT / max(1, len(slots))
    boxes: list[Box] = []
    for one, of in zip(series, values, strict=True):
        for n, value in enumerate(of):
            if value is not None:
                boxes.append(Box(one.tone, n * pitch + pitch * 0.08, pitch * 0.84, BASE - height_of(value, top), 3, 1))
    words += [Word(s.short, (n + 0.5) * pitch, 142, "value" if s.today else "", "middle") for n, s in enumerate(slots)]
    strokes.append(Stroke("", 0, RIGHT, BASE, BASE))
    return Picture(HEIGHT, tuple(strokes), tuple(boxes), tuple(word for word in words if word.text))


def lines(names: Sequence[str], values: Sequence[int], tones: Sequence[str] = (), left: float = 22.0) -> Picture:
    """One bar a line, its name before and its number after it."""
    top = max(values, default=0)
    boxes, words = [], []
    for n, (name, value) in enumerate(zip(names, values, strict=True)):
        y = 3 + 25 * n
        words.append(Word(name, 0, y + 12))
        width = value / top * (92 - left) if top and value > 0 else 0.0
        if width:
            boxes.append(Box(tones[n] if tones else "series-1", left, max(0.6, width), y, 17, 2))
        words.append(Word(f"{value:,}", left + width + 1.4, y + 13, "value"))
    return Picture(25 * len(names), (), tuple(boxes), tuple(words))


def shares(names: Sequence[str], parts: Sequence[int], totals: Sequence[int], labels: Sequence[str]) -> Picture:
    """How much of each total: a full bar in grey, the part on it, the words at its end."""
    boxes, words = [], []
    for n, (name, part, total) in enumerate(zip(names, parts, totals, strict=True)):
        y = 42 * n
        words += [Word(name, 0, y + 12, "value"), Word(labels[n], 100, y + 12, "", "end")]
        boxes.append(Box("track", 0, 100, y + 18, 10, 2))
        if part > 0:
            boxes.append(Box("series-1", 0, min(100.0, max(0.6, part / total * 100)), y + 18, 10, 2))
    return Picture(42 * len(names), (), tuple(boxes), tuple(words))


def funnel(names: Sequence[str], values: Sequence[int]) -> Picture:
    """How many came to each step, of those who came to the first."""
    top = max(values, default=0)
    boxes, words = [], []
    for n, (name, value) in enumerate(zip(names, values, strict=True)):
        y = 3 + 25 * n
        words += [Word(name, 0, y + 11), Word(f"{value:,}", 100, y + 12, "value", "end")]
        boxes.append(Box("track", 34, 56, y, 15, 2))
        if top and value > 0:
            boxes.append(Box("series-1", 34, max(0.6, value / top * 56), y, 15, 2))
    return Picture(25 * len(names), (), tuple(boxes), tuple(words))


def cells(names: Sequence[str], tones: Sequence[Sequence[str]], first: str, last: str) -> Picture:
    """A row of cells a name, one cell a slot; "" leaves a slot's place empty but for a hairline."""
    boxes, words, strokes = [], [], []
    for n, (name, row) in enumerate(zip(names, tones, strict=True)):
        y = 2 + 24 * n
        words.append(Word(name, 0, y + 12))
        pitch = 82 / max(1, len(row))
        strokes.append(Stroke("gridline", 18, 100, y + 8.5, y + 8.5))
        boxes += [Box(tone, 18 + i * pitch, pitch * 0.84, y, 17, 2) for i, tone in enumerate(row) if tone]
    y = 24 * len(names) + 18
    words += [Word(first, 18, y), Word(last, 100, y, "", "end")]
    return Picture(24 * len(names) + 24, tuple(strokes), tuple(boxes), tuple(words))


WEEKDAY_INITIALS = "MTWTFSS"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def short(day: date) -> str:
    """`9 Dec`."""
    return f"{day.day} {MONTHS[day.month - 1]}"


def slots(first: date, last: date, today: date) -> list[Slot]:
    """The bars of a span: days up to five weeks, else weeks that end with the span's last day."""
    length = (last - first).days + 1
    days = [first + timedelta(days=n) for n in range(length)]
    if length <= 14:
        return [
            Slot(
                d,
                d,
                f"{NAMES[d.weekday()]} {short(d)}",
                "today" if d == today else WEEKDAY_INITIALS[d.weekday()],
                d == today,
            )
            for d in days
        ]
    if length <= 35:
        # Mondays carry the date; the day itself is named where no Monday stands too near.
        marked = {d for d in days if d.weekday() == 0 and abs((d - today).days) > 3}
        return [
            Slot(
                d,
                d,
                f"{NAMES[d.weekday()]} {short(d)}",
                "today" if d == today else short(d) if d in marked else "",
                d == today,
            )
            for d in days
        ]
    found: list[Slot] = []
    end = last
    while end >= first:
        begin = max(first, end - timedelta(days=6))
        found.append(Slot(begin, end, f"{short(begin)} to {short(end)}", "", begin <= today <= end))
        end = begin - timedelta(days=1)
    found.reverse()
    return [Slot(s.first, s.last, s.name, short(s.first) if n % 3 == 0 else "", s.today) for n, s in enumerate(found)]


def spread(slots: Sequence[Slot], counted: Mapping[date, int]) -> list[int]:
    """How much falls into each slot."""
    return [sum(n for day, n in counted.items() if slot.first <= day <= slot.last) for slot in slots]


def percentile(waits: Mapping[int, int], share: float) -> float | None:
    """The wait, in seconds, that `share` of all stayed under; read from buckets, as if each were evenly filled.

    None without any wait. Beyond the last edge nothing is known: then the last edge is the answer.
    """
    total = sum(n for n in waits.values() if n > 0)
    if not total:
        return None
    wanted, before = share * total, 0
    for bucket in sorted(waits):
        n = max(0, waits[bucket])
        if before + n >= wanted and n:
            low = WAITS[bucket - 2] if bucket > 1 else 0
            high = WAITS[min(bucket, len(WAITS)) - 1]
            return low + (high - low) * (wanted - before) / n
        before += n
    return float(WAITS[-1])


def longer_than(waits: Mapping[int, int], seconds: int) -> int:
    """How many waited at least so long; `seconds` is an edge of WAITS."""
    edge = WAITS.index(seconds) + 1
    return sum(n for bucket, n in waits.items() if bucket > edge)


def bands(waits: Mapping[int, int], edges: Sequence[int]) -> list[int]:
    """How many waits lie under the first edge, between each two, and above the last; all edges are in WAITS."""
    over = [sum(waits.values()), *(longer_than(waits, edge) for edge in edges), 0]
    return [high - low for high, low in pairwise(over)]


def share(part: int, total: int) -> str:
    """`78%`; empty when there are too few to say it so. Never 100% or 0% unless it is all or none."""
    if total < FEW:
        return ""
    exact = part / total * 100
    return f"{round(exact) if part in (0, total) else min(99, max(1, ceil(exact - 0.5)))}%"
