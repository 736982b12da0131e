"""The page and the dialog that show what leaves, for every desk (kernel/preview.py decides what that is)."""

from flask import Response, request

from app.kernel.changes import confirmation
from app.kernel.web import htmx

EDIT = "edit"
"""Field of the way back from a preview: which form of the page was typed."""


def show(
    shown: confirmation.Preview,
    confirm: str,
    *,
    back: str,
    back_label: str,
    icon: str = "send",
    tone: str = "primary",
    note: str = "",
    edit: str = "",
    title: str = "Review what will be sent",
) -> Response:
    """The preview, over the page with scripts and as a page of its own without.

    `confirm` labels the button that acts. `back` is the page of the form; with `edit`, the name of that form, going
    back posts what was typed to that page, which shows it again (docs/decisions/0019-verbs-and-pages.md). `note` says
    what else comes of it. 409 when the user had confirmed, but something has changed meanwhile.
    """
    template = "dashboard/_preview.html" if htmx.is_htmx() else "dashboard/preview.html"
    response = htmx.respond(
        template,
        status=shown.status,
        shown=shown,
        confirm=confirm,
        confirm_icon=icon,
        tone=tone,
        note=note,
        back=back,
        back_label=back_label,
        edit=edit,
        title=title,
        unseen=shown.changed and not shown.changes and not request.form.get(confirmation.SEEN),
    )
    return htmx.retarget(response, "#preview") if htmx.is_htmx() else response


def edited_form() -> str:
    """The name of the form that comes back from a preview with what was typed; empty for none."""
    return request.form.get(EDIT, "")
