"""What the pages of this room share: the blueprint, the view that an address asks for, and one row of it."""

from typing import Any
from uuid import UUID

from flask import Blueprint, request, url_for

from app.accounts.access import me
from app.accounts.roles import PRESCREENS, Role
from app.kernel.errors import BadRequest, NotFound
from app.kernel.transaction import reading
from app.prescreens.queries import desk, one
from app.prescreens.queries.desk import View
from app.prescreens.queries.stages import Reach

pages = Blueprint("prescreens", __name__, url_prefix="/prescreens")

STAFF = (Role.LEASING_AGENT, Role.ADMIN, Role.AUDITOR)
LONGEST_TEXT = 100


class Asked:
    """What the address asks for: a view, and perhaps one organization. Raises BadRequest when there is no such view."""

    def __init__(self) -> None:
        self.state = request.args.get("state") or "waiting"
        self.left = self._number("left")
        self.organization_id = self._number("organization")
        self.template_id = self._id("template")
        self.text = request.args.get("q", "").replace("\x00", "").strip()[:LONGEST_TEXT]
        if self.state not in desk.STATES or self.left not in (None, 3, 7):
            raise self._unknown()
        if self.state != "waiting":
            self.left = None
        self.reach = desk.reach_of(me().scope(PRESCREENS), self.organization_id)

    @property
    def view(self) -> View:
        return View(self.state, self.left, self.template_id, self.text)

    @property
    def args(self) -> dict[str, Any]:
        """What the address says besides what goes without saying."""
        asked = {
            "state": None if self.state == "waiting" else self.state,
            "left": self.left,
            "organization": self.organization_id,
            "template": self.template_id,
            "q": self.text or None,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def url(self, endpoint: str = ".list", **changes: Any) -> str:
        """The same view elsewhere; only what differs from the plain list stands in the address."""
        asked = {**self.args, **changes}
        return url_for(endpoint, **{name: value for name, value in asked.items() if value is not None})

    def _number(self, name: str) -> int | None:
        value = request.args.get(name, "")
        if value and not (value.isascii() and value.isdigit() and len(value) < 10):
            raise self._unknown()
        return int(value) if value else None

    def _id(self, name: str) -> UUID | None:
        try:
            return UUID(value) if (value := request.args.get(name, "")) else None
        except ValueError:
            raise self._unknown() from None

    @staticmethod
    def _unknown() -> BadRequest:
        return BadRequest("This address asks for a view that does not exist. Start again from the list of prescreens.")


def find(id: UUID) -> Any:
    """The prescreen, if it is within this person's reach. Raises NotFound."""
    row = one.get(reading(), id, desk.reach_of(me().scope(PRESCREENS)))
    if row is None:
        raise NotFound("There is no such prescreen, or it belongs to an organization that is not yours.")
    return row


def mine() -> Reach:
    """Whose prescreens this person may act on."""
    return desk.reach_of(me().scope(PRESCREENS, write=True))
