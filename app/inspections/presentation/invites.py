"""An invite on the page of its inspection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from app.inspections.models import Invite
from app.inspections.presentation.timeline import Entry
from app.inspections.rules import InviteState


@dataclass(frozen=True, slots=True)
class InvitePanel:
    """What the page says of one invite. `reasons` are those why its verbs cannot be done, empty where they can."""

    invite: Invite
    state: InviteState
    steps: Sequence[Entry]
    phone_script: Mapping[str, str] | None
    reasons: Mapping[str, str]
    erased: bool = False
    """Whether what was personal about its recipient was erased."""
    url: str | None = None
    code: str | None = None

    @property
    def qr(self) -> Markup | None:
        """The link as a QR code: inline SVG, black on white, no style attribute."""
        if not self.url:
            return None
        import segno

        svg = segno.make(self.url, error="m").svg_inline(border=0, svgclass="qr", lineclass=None, omitsize=True)
        return Markup(svg.replace("<svg ", '<svg role="img" aria-label="QR code of the invite link" ', 1))
