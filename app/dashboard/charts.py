"""Charts as pure arithmetic: numbers in, shapes out, which templates/macros/charts.html draws as SVG.

Across, everything is a percentage, so that type never scales; down, it is pixels. The plot of every chart reaches from
0 to PLOT; the rest is a gutter for the numbers of its scale. Each picture comes with its table and its sentence
(captions.py). Nothing here knows the web or the database (docs/decisions/0014-charts.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import floor, log, log10

from app.dashboard.estimates import Spread, interval
from app.dashboard.weeks import Week
from app.kernel.db.hourly_stats import DAY, HOUR, MINUTE
from app.kernel.text.datetimes import DAYS, MONTHS

PLOT = 92.0
"""Per cent taken by the plot of every chart."""
TOP, BASE, HEIGHT = 10, 120, 154
"""Pixels from the top to the highest bar's end, to the axis, and in all, with two lines of words below the axis."""
LONGEST = 36
"""Letters of a name that fit beside its number in a window of 320 pixels; the table has all of it."""
PITCH = 36
"""Pixels of a line of a chart that lies on its side: its name, and its bar under that."""


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
class Dot:
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    x: float
    y: float
    tone: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """What may be pressed: the list of what was counted there. `text` begins with the number of its rows."""

    url: str
    text: str
    x: float
    width: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn, from back to front; `marks` are lines on top of everything but what may be pressed."""

    height: int
    grounds: tuple[Box, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    boxes: tuple[Box, ...] = ()
    dots: tuple[Dot, ...] = ()
    words: tuple[Word, ...] = ()
    areas: tuple[Area, ...] = ()
    marks: tuple[Stroke, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of thing in a chart. `tone` is its class: `series-1`, `series-2`, or `toned-fill` with a tone."""

    name: str
    tone: str


WEEKEND = Series("weekend", "weekend")


@dataclass(frozen=True, slots=True)
class Column:
    """The place of one bar on the axis: up to two lines of words under it, in bold when `strong`."""

    labels: tuple[str, ...] = ()
    strong: bool = False
    weekend: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """A span of whole days under one bar; `name` stands in the table."""

    first: date
    last: date
    name: str
    column: Column = Column()

    @property
    def today(self) -> bool:
        return self.column.strong


@dataclass(frozen=True, slots=True)
class Link:
    """A list, and its number of rows in words: `14 requests, Mon 23 Nov`."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a chart's table. `urls` are the lists that hold what was counted, value by value; "" for none."""

    name: str
    values: tuple[str | int, ...]
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure: title, the finding as a sentence, the picture, and the same as a table; `wide` has a line to itself.
    `further` are pages to act on the finding."""

    key: str
    title: str
    finding: str
    picture: Picture | None
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    legend: tuple[Series, ...] = ()
    wide: bool = False
    further: tuple[Link, ...] = ()


def ticks(top: float, most: int = 3) -> list[int]:
    """At most `most` round numbers above 0 that span `top`: steps of 1, 2 or 5 times a power of ten. None for 0."""
    if top <= 0:
        return []
    rough = max(1.0, top / most)
    power = 10 ** floor(log10(rough))
    step = next(n * power for n in (1, 2, 5, 10) if n * power >= rough)
    return [int(step * n) for n in range(1, int(top // step) + 1)]


def short_number(n: int) -> str:
    """`950`, `2k`, `1.5M`: what fits into the gutter."""
    for unit, name in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if n >= unit:
            return f"{n / unit:g}{name}"
    return str(n)


def height_of(value: float, top: float) -> float:
    """Pixels of a bar. Nothing is nothing; the least something still shows."""
    if value <= 0 or top <= 0:
        return 0.0
    return max(2.0, round(value / top * (BASE - TOP), 1))


class _Axis:
    """The columns of a chart: where each stands, its words, the ground of weekends, and what may be pressed."""

    def __init__(self, columns: Sequence[Column], top: int = 0, base: int = BASE) -> None:
        self.columns, self.pitch = columns, PLOT / max(1, len(columns))
        self.grounds = tuple(
            Box("weekend", n * self.pitch, self.pitch, top, base - top)
            for n, column in enumerate(columns)
            if column.weekend
        )
        self.words = [
            self._label(n, text, base + 15 + 14 * line, "value" if column.strong else "")
            for n, column in enumerate(columns)
            for line, text in enumerate(column.labels)
            if text
        ]
        self.line = Stroke("", 0, PLOT, base, base)

    def middle(self, n: int) -> float:
        return (n + 0.5) * self.pitch

    def _label(self, n: int, text: str, y: float, tone: str) -> Word:
        # A long word under a narrow first column begins with the plot.
        if self.middle(n) < 3 and len(text) > 3:
            return Word(text, 0, y, tone)
        return Word(text, self.middle(n), y, tone, "middle")

    def areas(self, links: Sequence[Link | None], top: int = 0, base: int = BASE) -> tuple[Area, ...]:
        return tuple(
            Area(link.url, link.text, n * self.pitch, self.pitch, top, base - top)
            for n, link in enumerate(links)
            if link
        )


def bars(
    columns: Sequence[Column],
    tones: Sequence[Sequence[str]],
    values: Sequence[Sequence[float]],
    links: Sequence[Link | None] = (),
    bands: Sequence[tuple[float, float] | None] = (),
    limits: Sequence[float | None] = (),
) -> Picture:
    """A stacked bar a column. `values[s][n]` is series s in column n, and `tones[s][n]` its class. `bands[n]` is the
    range in which its top may lie, `limits[n]` what it should not pass."""
    sums = [sum(each) for each in zip(*values, strict=True)]
    reached = [*(band[1] for band in bands if band), *(limit for limit in limits if limit is not None)]
    top, axis = max([*sums, *reached], default=0), _Axis(columns)
    strokes, words = [], axis.words
    for tick in ticks(top):
        level = round(BASE - tick / top * (BASE - TOP))
        strokes.append(Stroke("gridline", 0, PLOT, level, level))
        words.append(Word(short_number(tick), 100, level + 4, "", "end"))
    width = axis.pitch * 0.62
    boxes: list[Box] = []
    for n in range(len(columns)):
        y = float(BASE)
        for tone, of in zip(tones, values, strict=True):
            tall = height_of(of[n], top)
            if tall:
                y -= tall
                boxes.append(Box(tone[n], axis.middle(n) - width / 2, width, y, max(1.0, tall - 1)))
    marks = [_band(axis.middle(n), *band, top) for n, band in enumerate(bands) if band]
    marks += [_limit(axis, n, limit, top) for n, limit in enumerate(limits) if limit is not None]
    lines, areas = (*strokes, axis.line), axis.areas(links)
    return Picture(HEIGHT, axis.grounds, lines, tuple(boxes), (), tuple(words), areas, tuple(marks))


def _band(x: float, low: float, high: float, top: float) -> Stroke:
    return Stroke("band", x, x, BASE - height_of(low, top), BASE - height_of(high, top))


def _limit(axis: _Axis, n: int, limit: float, top: float) -> Stroke:
    y, half = BASE - height_of(limit, top), axis.pitch * 0.42
    return Stroke("limit", axis.middle(n) - half, axis.middle(n) + half, y, y)


LADDER = (
    (MINUTE, "1 min"),
    (5 * MINUTE, "5 min"),
    (15 * MINUTE, "15 min"),
    (HOUR, "1 h"),
    (4 * HOUR, "4 h"),
    (12 * HOUR, "12 h"),
    (2 * DAY, "2 d"),
    (7 * DAY, "7 d"),
    (30 * DAY, "30 d"),
)
"""Lines of the scale of durations, each about three times the one before."""


def ranges(
    columns: Sequence[Column],
    spreads: Sequence[Spread | None],
    medians: Sequence[str],
    links: Sequence[Link | None] = (),
) -> Picture:
    """A dot a column at the median, and a line from the tenth to the ninetieth percentile, on a scale of logarithms.
    `medians` in words stand beside their dots."""
    known = [v for each in spreads if each for v in (each.low, each.half, each.high) if v is not None]
    if not known:
        return Picture(HEIGHT)
    low = max((n for n, (edge, _) in enumerate(LADDER) if edge <= min(known)), default=0)
    high = min((n for n, (edge, _) in enumerate(LADDER) if edge >= max(known)), default=len(LADDER) - 1)
    if high <= low:
        low, high = max(0, high - 1), max(1, high)
    bottom, top = log(LADDER[low][0]), log(LADDER[high][0])

    def y_of(seconds: float) -> float:
        inside = (log(max(1.0, seconds)) - bottom) / (top - bottom)
        return round(BASE - 6 - min(1.0, max(0.0, inside)) * (BASE - 6 - TOP), 1)

    axis = _Axis(columns)
    strokes, dots, words = [], [], axis.words
    for edge, name in LADDER[low : high + 1]:
        strokes.append(Stroke("gridline", 0, PLOT, y_of(edge), y_of(edge)))
        words.append(Word(name, 100, y_of(edge) + 4, "", "end"))
    for n, each in enumerate(spreads):
        if each is None:
            continue
        x = axis.middle(n)
        if each.low is not None and each.high is not None:
            strokes.append(Stroke("range", x, x, y_of(each.low), y_of(each.high)))
        dots.append(Dot(x, y_of(each.half)))
        words.append(Word(medians[n], x + 2.2, y_of(each.half) + 4, "value"))
    areas = axis.areas(links)
    return Picture(
        HEIGHT, axis.grounds, (*strokes, axis.line), (), tuple(dots), tuple(w for w in words if w.text), areas
    )


def _side(names: Sequence[str], ends: Sequence[str]) -> list[Word]:
    words = []
    for n, (name, end) in enumerate(zip(names, ends, strict=True)):
        short_name = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
        words += [Word(short_name, 0, PITCH * n + 13), Word(end, 100, PITCH * n + 13, "value", "end")]
    return words


def _side_areas(links: Sequence[Link | None]) -> tuple[Area, ...]:
    return tuple(Area(link.url, link.text, 0, 100, PITCH * n + 1, PITCH - 2) for n, link in enumerate(links) if link)


def steps(names: Sequence[str], values: Sequence[int], links: Sequence[Link | None] = ()) -> Picture:
    """How many came to each step, of those who came to the first."""
    top, boxes = max(values, default=0), []
    for n, value in enumerate(values):
        y = PITCH * n + 19
        boxes.append(Box("track", 0, PLOT, y, 11, 2))
        if top and value > 0:
            boxes.append(Box("series-1", 0, max(0.6, value / top * PLOT), y, 11, 2))
    words = _side(names, [f"{value:,}" for value in values])
    return Picture(PITCH * len(names) + 4, (), (), tuple(boxes), (), tuple(words), _side_areas(links))


def shares(
    names: Sequence[str], parts: Sequence[int], totals: Sequence[int], links: Sequence[Link | None] = ()
) -> Picture:
    """The share of each total as a dot, on the interval in which the true one lies."""
    foot = PITCH * len(names) + 4
    strokes, dots = [], []
    words = _side(names, [f"{part:,} of {total:,}" for part, total in zip(parts, totals, strict=True)])
    for percent in (0, 25, 50, 75, 100):
        x = percent / 100 * PLOT
        anchor = {0: "", 100: "end"}.get(percent, "middle")
        words.append(Word(f"{percent}%" if percent == 100 else str(percent), x, foot + 14, "", anchor))
        strokes += [Stroke("gridline", x, x, PITCH * n + 18, PITCH * n + 32) for n in range(len(names))]
    for n, (part, total) in enumerate(zip(parts, totals, strict=True)):
        low, high = interval(part, total)
        y = PITCH * n + 25
        strokes.append(Stroke("range", low * PLOT, high * PLOT, y, y))
        dots.append(Dot(part / total * PLOT if total else 0.0, y))
    return Picture(foot + 18, (), tuple(strokes), (), tuple(dots), tuple(words), _side_areas(links))


def cells(
    names: Sequence[str],
    columns: Sequence[Column],
    tones: Sequence[Sequence[str]],
    links: Sequence[Sequence[Link | None]] = (),
) -> Picture:
    """A row of cells a name, one cell a column; "" leaves a place empty but for a hairline."""
    foot = PITCH * len(names) + 2
    axis = _Axis(columns, 0, foot)
    boxes, strokes = [], []
    for n, row in enumerate(tones):
        y = PITCH * n + 18
        strokes.append(Stroke("gridline", 0, PLOT, y + 7, y + 7))
        boxes += [
            Box(tone, axis.middle(i) - axis.pitch * 0.42, axis.pitch * 0.84, y, 14, 2)
            for i, tone in enumerate(row)
            if tone
        ]
    words = [*axis.words, *(Word(name, 0, PITCH * n + 13) for n, name in enumerate(names))]
    grounds = tuple(Box("weekend", b.x, b.width, PITCH * n + 18, 14) for n in range(len(names)) for b in axis.grounds)
    areas = tuple(area for n, row in enumerate(links) for area in axis.areas(row, PITCH * n + 18, PITCH * n + 32))
    return Picture(foot + 34, grounds, tuple(strokes), tuple(boxes), (), tuple(words), areas)


def short(day: date) -> str:
    """`9 Dec`."""
    return f"{day.day} {MONTHS[day.month - 1]}"


def slots(first: date, last: date, today: date, week: Week) -> list[Slot]:
    """The bars of a span: days up to five weeks, else weeks."""
    length = (last - first).days + 1
    return _days(first, length, today, week) if length <= 35 else weeks(first, last, today, week)


def _days(first: date, length: int, today: date, week: Week) -> list[Slot]:
    found = []
    for day in (first + timedelta(days=n) for n in range(length)):
        if length <= 14:
            labels: tuple[str, ...] = (str(day.day), DAYS[day.weekday()][:2])
        elif day == today:
            labels = ("today",)
        else:
            # The first day of a week carries its date, where `today` does not stand too near.
            labels = (short(day),) if day.weekday() == week.first and abs((day - today).days) > 3 else ()
        column = Column(labels, day == today, day.weekday() in week.weekend)
        found.append(Slot(day, day, f"{DAYS[day.weekday()]} {short(day)}", column))
    return found


def weeks(first: date, last: date, today: date, week: Week, further: Sequence[str] = ()) -> list[Slot]:
    """The weeks of a span, as the reader's country has them; the first and the last may be cut by the span."""
    found: list[Slot] = []
    begin = first
    while begin <= last:
        end = min(last, begin + timedelta(days=6 - (begin.weekday() - week.first) % 7))
        found.append(Slot(begin, end, f"{short(begin)} to {short(end)}"))
        begin = end + timedelta(days=1)
    every = 1 if len(found) <= 6 else 3
    return [
        Slot(
            slot.first,
            slot.last,
            slot.name,
            Column(
                (short(slot.first) if (len(found) - 1 - n) % every == 0 else "", *further[n : n + 1]),
                slot.first <= today <= slot.last,
            ),
        )
        for n, slot in enumerate(found)
    ]


def spread(slots: Sequence[Slot], counted: Mapping[date, int]) -> list[int]:
    """How much falls into each slot."""
    return [sum(n for day, n in counted.items() if slot.first <= day <= slot.last) for slot in slots]
