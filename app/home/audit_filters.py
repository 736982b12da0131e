"""The filters of the audit: read from the address, written back, shown in the form and as chips."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar

from flask import request

from app.accounts.access import me
from app.dashboard.filters import Active, Control, Options, Reader, Unreadable
from app.dashboard.filters.days import days_in_words, offered, read_day, read_period
from app.desks import DESKS
from app.home import audit
from app.kernel.errors import Invalid
from app.kernel.web.arguments import Arguments

NAMES = tuple(desk.name for desk in DESKS)
FORMER_GENERAL = "house"
"""What the address called audit.GENERAL once."""
ENDS = ("from", "to")
V = TypeVar("V")


def _reader() -> Reader:
    return Reader(me().id, None, me().time_zone)


def read(dropped: list[Unreadable] | None = None) -> audit.Filters:
    """The filters of the address. One that cannot be read is dropped and put into `dropped`, the others hold. Raises
    Invalid without that list: a file is never silently unfiltered."""

    def part(label: str, value: Callable[[], V], otherwise: V) -> V:
        try:
            return value()
        except Invalid as refusal:
            if dropped is None:
                raise
            dropped.append(Unreadable("", label, refusal.detail))
            return otherwise

    desk = part("About", _desk, "")
    first, last = part("When from", lambda: _day("from"), None), part("When to", lambda: _day("to"), None)
    period = request.args.get("when", "") if first is None and last is None else ""
    return audit.Filters(
        organization_id=part("Organization", lambda: _number("organization"), None),
        person_id=part("Who", lambda: _number("who"), None),
        desk=desk,
        kind=part("What", _kind, ""),
        subject_id=part("Only", lambda: _subject_id(desk), ""),
        first=first,
        last=last,
        period=part("When", lambda: read_period(period), "") if period else "",
        zone=me().time_zone,
    )


def _desk() -> str:
    desk = request.args.get("desk", "")
    desk = audit.GENERAL if desk == FORMER_GENERAL else desk
    if desk not in ("", *NAMES, audit.GENERAL):
        raise Invalid("There is no such desk. Choose one from the filter.", code="filter.desk")
    return desk


def _kind() -> str:
    """The kind; a link may name it as an earlier version stored it."""
    kind = request.args.get("kind", "")
    if kind and kind not in audit.EVENTS:
        raise Invalid("There are no events of that kind. Choose one from the filter.", code="filter.kind")
    return audit.EVENTS[kind].kind if kind else ""


def _subject_id(desk: str) -> str:
    subject_id = request.args.get("about", "").strip()[:40]
    if subject_id and (desk not in NAMES or not subject_id.isprintable()):
        raise Invalid("Say at which desk the thing stands, and its number or id.", code="filter.about")
    return subject_id


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid("This filter cannot be read. Choose one from the list.", code=f"filter.{name}")
    return int(text) if text else None


def _day(name: str) -> date | None:
    text, reader = request.args.get(name, "").strip(), _reader()
    return read_day(text, reader.day_form, reader.today) if text else None


def arguments(filters: audit.Filters) -> Arguments:
    """Query arguments of this list; defaults are omitted."""
    args = {
        "organization": filters.organization_id,
        "who": filters.person_id,
        "desk": filters.desk or None,
        "kind": filters.kind or None,
        "about": filters.subject_id or None,
        "from": filters.first.isoformat() if filters.first else None,
        "to": filters.last.isoformat() if filters.last else None,
        "when": filters.period or None,
    }
    return {name: value for name, value in args.items() if value is not None}


def rewritten(filters: audit.Filters) -> bool:
    """Whether the address writes a day as only this reader does."""
    args = arguments(filters)
    return any(request.args.get(name, "") not in ("", args.get(name)) for name in (*ENDS, "when"))


def without(filters: audit.Filters, *names: str) -> Arguments:
    """Query arguments without some of the filters. What is listed of one thing needs its desk."""
    gone = {*names, "about"} if "desk" in names else set(names)
    return {name: value for name, value in arguments(filters).items() if name not in gone}


def during(filters: audit.Filters) -> Arguments:
    """Query arguments of the same list in a period, whose name is to be appended."""
    return {**without(filters, *ENDS, "when"), "when": ""}


def in_form(filters: audit.Filters) -> dict[str, str]:
    """What the form shows, by argument: days as the reader writes them."""
    form = _reader().day_form
    days = {"from": filters.first, "to": filters.last}
    return {name: str(value) for name, value in arguments(filters).items()} | {
        name: form.write(day) for name, day in days.items() if day
    }


def controls(filters: audit.Filters, *, organizations: Options, people: Options, kinds: Options) -> list[Control]:
    """The form."""
    shown, pattern = in_form(filters), _reader().day_form.pattern
    desks = [(desk.name, desk.title) for desk in DESKS]

    def select(name: str, label: str, any_: str, options: Options) -> Control:
        return Control("select", name, label, shown.get(name, ""), (("", any_), *options))

    ends = tuple(Control("day", name, f"When {name}", shown.get(name, ""), placeholder=pattern) for name in ENDS)
    found = [select("organization", "Organization", "any", organizations)] if len(organizations) > 1 else []
    return [
        *found,
        select("who", "Who", "anybody", people),
        select("desk", "About", "anything", [*desks, (audit.GENERAL, "People and keys")]),
        select("kind", "What", "anything", kinds),
        Control("days", "when", "When", filters.period, tuple(offered(back=True)), ends=ends),
        *([Control("text", "about", "Only", filters.subject_id)] if filters.subject_id else []),
    ]


def active(filters: audit.Filters, controls: list[Control]) -> list[Active]:
    """The filters that are set, in words."""
    found = []
    for control in controls:
        options: Mapping[str, str] = dict(control.options)
        if control.value:
            found.append(Active((control.name,), f"{control.label}:", options.get(control.value, control.value)))
        elif control.ends and (filters.first or filters.last):
            words = days_in_words(_reader().day_form, filters.first, filters.last)
            found.append(Active(ENDS, f"{control.label}:", words))
    return found
