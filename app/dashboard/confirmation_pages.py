"""The page and the dialog that show what leaves, for every desk (kernel/preview.py decides what that is)."""

from flask import Response, request

from app.kernel.changes import confirmation
from app.kernel.web import htmx


def show(
    shown: confirmation.Preview,
    confirm: str,
    *,
    back: str,
    back_label: str,
    icon: str = "send",
    tone: str = "primary",
    note: str = "",
) -> Response:
    """The preview, over the page with scripts and as a page of its own without.

    `confirm` names the button that does it, `back` the page that the form stands on, `note` what else comes of it.
    409 for somebody who had pressed that button, and for whom something has changed meanwhile.
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
        unseen=shown.changed and not shown.changes and not request.form.get(confirmation.SEEN),
    )
    return htmx.retarget(response, "#preview") if htmx.is_htmx() else response


def editing() -> bool:
    """Whether somebody without scripts goes from the preview back to the form, which shall hold what they typed."""
    return request.form.get(confirmation.STEP) == "edit"
