"""The checklist of a request: what is prepared for it, and how far each is. Pure: no database."""

from collections.abc import Mapping
from enum import StrEnum

from app.depositions.models import BOOKED, State
from app.kernel.errors import Conflict, FieldError, Invalid


class Item(StrEnum):
    """What may be on a checklist."""

    INTERPRETER = "interpreter"
    EXHIBITS = "exhibits"
    REPORTER = "reporter"
    LINK = "link"


class Progress(StrEnum):
    """How far an item is. What is not on the checklist has no row."""

    NONE = "none"
    OPEN = "open"
    DONE = "done"


LABELS: dict[Item, str] = {
    Item.INTERPRETER: "Interpreter",
    Item.EXHIBITS: "Exhibits",
    Item.REPORTER: "Reporter",
    Item.LINK: "Link tested",
}
OPEN_LABELS: dict[Item, str] = {
    Item.INTERPRETER: "Interpreter to book",
    Item.EXHIBITS: "Exhibits missing",
    Item.REPORTER: "Reporter to book",
    Item.LINK: "Link not tested",
}
"""The flag of each open item."""
PROGRESS: dict[Progress, str] = {
    Progress.NONE: "not needed",
    Progress.OPEN: "to do",
    Progress.DONE: "done",
}

Checklist = Mapping[Item, Progress]


def why_not_change_checklist(state: str) -> str | None:
    """A checklist is kept until the session is over."""
    if state in (State.INITIAL, *BOOKED, State.ACTIVE):
        return None
    return "A session that has ended or is canceled needs no checklist."


def check_change_checklist(state: str, same: bool = False) -> None:
    """Raises Conflict for a session that is over; `same` is whether nothing would change."""
    reason = why_not_change_checklist(state) or ("The checklist says that already." if same else None)
    if reason:
        raise Conflict(f"{reason} Nothing was changed.", code="session_request.wrong_state")


def read(typed: Mapping[str, str]) -> dict[Item, Progress]:
    """What was written of some items: `exhibits` is `done`. Raises Invalid with every fault."""
    found: dict[Item, Progress] = {}
    faults: list[FieldError] = []
    for name, progress in typed.items():
        if name not in list(Item):
            faults.append(FieldError(name, "unknown", f"Choose one of {', '.join(Item)}."))
        elif progress not in list(Progress):
            faults.append(FieldError(name, "invalid", "Choose none, open or done."))
        else:
            found[Item(name)] = Progress(progress)
    if faults:
        raise Invalid(f"{faults[0].detail} Nothing was changed.", errors=faults)
    return found
