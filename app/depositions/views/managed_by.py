"""The filter by who manages a session: a person by number or `me`, an outsider of the roster, or `nobody`."""

from collections.abc import Hashable, Mapping
from typing import NamedTuple

from sqlalchemy import BindParameter, bindparam

from app.dashboard.assignees import ME, UNASSIGNED, PersonValue
from app.dashboard.filters import Chosen, Control, Filter, Options, Reader, Sources
from app.dashboard.filters.base import Conditions
from app.dashboard.filters.kinds import number
from app.depositions.models import Deposition
from app.depositions.queries import managers, roster, tabs
from app.kernel.db.engine import Db


class Outsider(NamedTuple):
    """A manager without an account here, by the id of their row of the roster."""

    id: int


class ManagedBy(Filter[PersonValue | Outsider]):
    """Who manages a session. People stand in the address by the number of their account, or as `me`, so that a saved
    view means each person who opens it; outsiders as `outsider-12`."""

    def __init__(self) -> None:
        super().__init__("manager", "Managed by")

    def applies(self, value: PersonValue | Outsider, tab: str) -> bool:
        return tab in tabs.MANAGED

    def parse(self, text: str, reader: Reader) -> PersonValue | Outsider:
        for known in (ME, UNASSIGNED):
            if text == known.value:
                return known
        row = number(text.removeprefix(_OUTSIDER))
        if row is None:
            raise self.refuse("There is no such manager. Choose one from the filter.")
        return Outsider(row) if text.startswith(_OUTSIDER) else row

    def serialize(self, value: PersonValue | Outsider) -> str:
        if isinstance(value, Outsider):
            return f"{_OUTSIDER}{value.id}"
        return str(value) if isinstance(value, int) else value.value

    def shown(self, value: PersonValue | Outsider, reader: Reader) -> str:
        return ME.value if value == reader.person_id else self.serialize(value)

    def kind(self, value: PersonValue | Outsider, reader: Reader) -> Hashable:
        return "nobody" if value is UNASSIGNED else "outsider" if isinstance(value, Outsider) else "person"

    def conditions(self, kind: Hashable, tab: str) -> Conditions:
        if kind == "nobody":
            return (Deposition.manager_id.is_(None),)
        given: BindParameter[int] = bindparam(self.name)
        return (Deposition.manager_id == given if kind == "outsider" else managers.managed_by(given),)

    def values(self, value: PersonValue | Outsider, chosen: Chosen, db: Db) -> Mapping[str, object]:
        if isinstance(value, Outsider):
            return {self.name: value.id}
        return {} if value is UNASSIGNED else {self.name: chosen.reader.person_id if value is ME else value}

    def options(self, chosen: Chosen, sources: Sources) -> Options:
        me = chosen.reader.person_id
        others = [
            (self.serialize(Outsider(row.id) if row.person_id is None else row.person_id), row.name)
            for row in roster.names(sources.reading())
            if row.person_id != me
        ]
        offered = [("", "anyone"), (UNASSIGNED.value, "nobody"), (ME.value, "me"), *others]
        text = chosen.shown(self)
        return offered if text in dict(offered) else [*offered, (text, self._name(chosen.get(self), sources))]

    def phrase(self, value: PersonValue | Outsider, chosen: Chosen, sources: Sources) -> tuple[str, str]:
        if value is UNASSIGNED:
            return "", "Without a manager"
        return self.label, "you" if value in (ME, chosen.reader.person_id) else self._name(value, sources)

    def _name(self, value: PersonValue | Outsider | None, sources: Sources) -> str:
        """The name of a manager whom an address asks for, also of one who is not offered."""
        outsider = value.id if isinstance(value, Outsider) else None
        person = value if isinstance(value, int) else None
        return roster.name_of(sources.reading(), outsider, person) or "a manager who is not here"

    def control(self, chosen: Chosen, sources: Sources) -> Control | None:
        return super().control(chosen, sources) if chosen.tab in tabs.MANAGED else None


_OUTSIDER = "outsider-"
