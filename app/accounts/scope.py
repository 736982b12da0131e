"""Whose rows somebody sees: what a page hands to a query instead of the person."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, false, true


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a person sees at one desk."""

    everything: bool
    organization_ids: frozenset[int]

    def where(self, column: Any) -> ColumnElement[bool]:
        """A condition that keeps a statement to these organizations."""
        if self.everything:
            return true()
        if not self.organization_ids:
            return false()
        if len(self.organization_ids) == 1:
            return column == next(iter(self.organization_ids))
        return column.in_(sorted(self.organization_ids))

    def covers(self, organization_id: int) -> bool:
        return self.everything or organization_id in self.organization_ids
