"""The filters of the queue and of the board that are this desk's own: by case, by flag and by zone."""

from collections.abc import Collection, Hashable, Mapping, Sequence

from sqlalchemy import bindparam

from app.dashboard.filters import Chosen, Control, Filter, Options, Reader, Sources
from app.dashboard.filters.base import Conditions
from app.depositions.models import Deposition
from app.depositions.queries import cases, marks, nearest, tabs
from app.kernel.db.engine import Db
from app.kernel.text import normalization, time_zones

LONGEST = 200


class OfCase(Filter[str]):
    """The case by words of its name: of what the search index finds, those whose case has all of the words."""

    def __init__(self) -> None:
        super().__init__("case", "Case")

    def parse(self, text: str, reader: Reader) -> str:
        return normalization.query(text, LONGEST)

    def conditions(self, kind: Hashable, tab: str) -> Conditions:
        return (Deposition.id.in_(bindparam("of_case", expanding=True, type_=Deposition.id.type)),)

    def values(self, value: str, chosen: Chosen, db: Db) -> Mapping[str, object]:
        return {"of_case": cases.named_like(db, value, chosen.organization_ids)}

    def control(self, chosen: Chosen, sources: Sources) -> Control | None:
        return Control("text", self.name, self.label, chosen.shown(self), placeholder="Words of its name")


class HasFlag(Filter[str]):
    """A flag that the rows have, of those that are stored. `looked` are those that a list looks for among its nearest
    rows, because no index carries them; on the board, where a day is few, there are none."""

    def __init__(self, looked: Collection[str] = ()) -> None:
        super().__init__("flag", "Flag")
        self.flags, self.looked = marks.STORED, frozenset(looked)

    def parse(self, text: str, reader: Reader) -> str:
        if text not in self.flags:
            raise self.refuse("There is no such flag. Choose one from the filter.")
        return text

    def applies(self, value: str, tab: str) -> bool:
        return any(state in self.flags[value].states for state in tabs.STATES_OF[tab])

    def kind(self, value: str, reader: Reader) -> Hashable:
        return value

    def conditions(self, kind: Hashable, tab: str) -> Conditions:
        if kind in self.looked:
            return (Deposition.id.in_(bindparam("of_flag", expanding=True, type_=Deposition.id.type)),)
        return (self.flags[str(kind)].condition,)

    def values(self, value: str, chosen: Chosen, db: Db) -> Mapping[str, object]:
        return {"of_flag": nearest.ids(db, value, chosen)} if value in self.looked else {}

    def options(self, chosen: Chosen, sources: Sources) -> Options:
        return [
            ("", "any"),
            *((key, mark.label) for key, mark in self.flags.items() if self.applies(key, chosen.tab)),
        ]

    def phrase(self, value: str, chosen: Chosen, sources: Sources) -> tuple[str, str]:
        return f"{self.label}:", self.flags[value].label


class InZone(Filter[str]):
    """The zone of a session, by any name that is known and by what people say: `Paris`, `Pacific`."""

    def __init__(self) -> None:
        super().__init__("zone", "Zone")

    def parse(self, text: str, reader: Reader) -> str:
        for name in (time_zones.colloquial(text), text, time_zones.written_alike(text.strip())):
            try:
                return time_zones.iana_name(name or "")
            except time_zones.UnknownZone:
                continue
        raise self.refuse("There is no such time zone. Type a city or a zone, for example Paris or Pacific.")

    def conditions(self, kind: Hashable, tab: str) -> Conditions:
        return (Deposition.zone == bindparam(self.name),)

    def phrase(self, value: str, chosen: Chosen, sources: Sources) -> tuple[str, str]:
        return f"{self.label}:", value.replace("_", " ")


class InZoneOfDay(InZone):
    """The same of a day: `offered` are the zones to choose from."""

    def __init__(self, offered: Sequence[str]) -> None:
        super().__init__()
        self.offered = offered

    def options(self, chosen: Chosen, sources: Sources) -> Options:
        names = dict.fromkeys(filter(None, [*self.offered, chosen.text(self)]))
        return [("", "any"), *((name, name.replace("_", " ")) for name in sorted(names))] if len(names) > 1 else ()


class InZoneNearby(InZone):
    """The same of a list, looked for among its nearest rows: no index has zones."""

    def conditions(self, kind: Hashable, tab: str) -> Conditions:
        return (Deposition.id.in_(bindparam("of_zone", expanding=True, type_=Deposition.id.type)),)

    def values(self, value: str, chosen: Chosen, db: Db) -> Mapping[str, object]:
        return {"of_zone": nearest.ids(db, nearest.ZONE, chosen, value)}

    def control(self, chosen: Chosen, sources: Sources) -> Control | None:
        return Control("text", self.name, self.label, chosen.shown(self), placeholder="Paris, Pacific, Asia/Tokyo")
