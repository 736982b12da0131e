"""The dialog and the page on which a user confirms an act (kernel/changes/confirmation.py has its messages)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flask import Response, g, request
from wtforms import Field

from app.kernel.changes import confirmation
from app.kernel.web import htmx

EDIT = "edit"
"""Field of the way back from a preview: which form of the page was typed."""


class Flag(NamedTuple):
    """Something unusual about the act, repeated beside its button. `text` may be markup."""

    text: str
    icon: str
    tone: str = "warn"


class Belief(NamedTuple):
    """A person or system that is not told: what they go on having, and until when."""

    who: str
    role: str
    keeps: str
    until: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a user reads before an act, besides its messages.

    `confirm` labels the button that acts. `subject` are lines about what it is done to, the first one in bold. `flags`
    begin with the gravest. `beliefs` are what stays untrue, under the heading `believed`. `field` is typed here, and
    required; `question` is its label, where that is another than its own. `note` says what else comes of it. `back` is
    the page of the form; with `edit`, the name of that form, going back posts what was typed to that page, which shows
    it again (docs/decisions/0019-verbs-and-pages.md).
    """

    title: str
    confirm: str
    back: str
    back_label: str
    subject: Sequence[str] = ()
    icon: str = "send"
    tone: str = "primary"
    flags: Sequence[Flag] = ()
    believed: str = ""
    beliefs: Sequence[Belief] = ()
    field: Field | None = None
    question: str = ""
    note: str = ""
    edit: str = ""


def show(shown: confirmation.Preview, asked: Confirmation) -> Response:
    """The confirmation, over the page with scripts and as a page of its own without.

    409 when the user had confirmed, but something has changed meanwhile.
    """
    template = "kernel/_preview.html" if htmx.is_htmx() else "kernel/preview.html"
    unseen = shown.changed and not shown.changes and not request.form.get(confirmation.SEEN)
    response = htmx.respond(template, status=shown.status, shown=shown, asked=asked, unseen=unseen)
    return htmx.retarget(response, "#preview") if htmx.is_htmx() else response


def edited_form() -> str:
    """The name of the form that comes back from a preview with what was typed; empty for none."""
    return request.form.get(EDIT, "")


def comes_back_as(form: str, page: str = "") -> None:
    """Says that what is typed here, when it is refused on a page of its own, can be brought back to the page of its
    form, which shows the form of this name with it (`edited_form`): the page above, or that at another address."""
    g.edited_form, g.page_of_form = form, page
