"""The scope of a person: the organizations whose rows a query may return to them."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, true
from sqlalchemy.orm import InstrumentedAttribute

OrganizationId = InstrumentedAttribute[int] | InstrumentedAttribute[int | None]
OrganizationIdColumn = OrganizationId | ColumnElement[int] | ColumnElement[int | None]


@dataclass(frozen=True, slots=True)
class Scope:
    """The organizations whose rows a person may see, or act on, at one desk."""

    everything: bool
    organization_ids: frozenset[int]

    def where(self, column: OrganizationIdColumn) -> ColumnElement[bool]:
        """A condition that limits a statement to the rows of these organizations."""
        if self.everything:
            return true()
        if not self.organization_ids:
            return false()
        if len(self.organization_ids) == 1:
            return column == next(iter(self.organization_ids))
        return column.in_(sorted(self.organization_ids))

    def covers(self, organization_id: int) -> bool:
        """Whether rows of this organization are in the scope."""
        return self.everything or organization_id in self.organization_ids
