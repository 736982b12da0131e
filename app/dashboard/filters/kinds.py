"""The kinds of filters that desks declare."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select

from app.accounts.models import Organization as OrganizationRow
from app.dashboard import tags
from app.dashboard.assignees import ME, UNASSIGNED, PersonValue
from app.dashboard.filters.base import (
    Active,
    Chosen,
    Column,
    Condition,
    Conditions,
    Control,
    Filter,
    Options,
    Reader,
    Sources,
    TabFilter,
)
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.errors import Invalid
from app.kernel.text import normalization, search


class Tabs(TabFilter):
    """The argument that chooses the tab: with `offered` also a select of the form, otherwise a hidden field."""

    def __init__(self, name: str, keys: Sequence[str], label: str = "List", offered: Options = ()) -> None:
        super().__init__(name, keys, label)
        self.offered = offered

    def parse(self, text: str, reader: Reader) -> str:
        if text not in self.keys:
            raise self.refuse("There is no such list. Choose one of the tabs.")
        return text

    def control(self, chosen: Chosen, sources: Sources) -> Control | None:
        shown = "" if chosen.tab == self.default else chosen.tab
        if self.offered:
            return Control("select", self.name, self.label, shown, tuple(self.offered))
        return Control("hidden", self.name, self.label, shown) if shown else None


class Choice(Filter[str]):
    """One of a few values that are known beforehand.

    Without a `column` the desk narrows by it itself, and the value is part of the statement's kind. `on_tab` says
    which values a tab knows; `hidden`: it is set by links, not in the form.
    """

    def __init__(
        self,
        name: str,
        label: str,
        offered: Options,
        *,
        column: Column | None = None,
        on_tab: Callable[[str], Collection[str]] | None = None,
        hidden: bool = False,
    ) -> None:
        super().__init__(name, label)
        self.offered, self.column, self.on_tab, self.hidden = offered, column, on_tab, hidden

    def parse(self, text: str, reader: Reader) -> str:
        if text not in dict(self.offered):
            raise self.refuse(f"There is no such {self.label.lower()}. Choose one from the filter.")
        return text

    def applies(self, value: str, tab: str) -> bool:
        return self.on_tab is None or value in self.on_tab(tab)

    def kind(self, value: str, reader: Reader) -> Hashable:
        return value if self.column is None else True

    def conditions(self, kind: Hashable, tab: str) -> Conditions:
        return () if self.column is None else (self.column == bindparam(self.name),)

    def options(self, chosen: Chosen, sources: Sources) -> Options:
        known = [each for each in self.offered if self.applies(each[0], chosen.tab)]
        return [("", "any"), *known] if len(known) > 1 else ()

    def phrase(self, value: str, chosen: Chosen, sources: Sources) -> tuple[str, str]:
        return f"{self.label}:", dict(self.offered)[value]

    def control(self, chosen: Chosen, sources: Sources) -> Control | None:
        if not self.hidden:
            return super().control(chosen, sources)
        text = chosen.shown(self)
        return Control("hidden", self.name, self.label, text) if text else None


class Reference(Filter[UUID]):
    """A row of another table, by its id; `offered` reads those that the reader may choose."""

    def __init__(
        self, name: str, label: str, column: Column, offered: Callable[[Chosen], Sequence[tuple[UUID, str]]]
    ) -> None:
        super().__init__(name, label)
        self.column, self.offered = column, offered

    def parse(self, text: str, reader: Reader) -> UUID:
        try:
            found = UUID(text)
        except ValueError:
            found = None
        if found is None or text.lower() not in (str(found), found.hex):
            raise self.refuse(f"There is no such {self.label.lower()}. Choose one from the filter.")
        return found

    def conditions(self, kind: Hashable, tab: str) -> Conditions:
        return (self.column == bindparam(self.name, type_=self.column.type),)

    def options(self, chosen: Chosen, sources: Sources) -> Options:
        found = [(str(id), name) for id, name in self.offered(chosen)]
        return [("", "any"), *found] if found else ()

    def phrase(self, value: UUID, chosen: Chosen, sources: Sources) -> tuple[str, str]:
        return f"{self.label}:", dict(self.offered(chosen)).get(value, "one that is not here")


def number(text: str) -> int | None:
    """The id that a text writes; None when it writes none. No row has the id 0."""
    found = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
    return found or None


ORGANIZATIONS = select(OrganizationRow.id, OrganizationRow.name).order_by(OrganizationRow.name, OrganizationRow.id)
_EVERY_ORGANIZATION: Prepared[tuple[int, str]] = Prepared(ORGANIZATIONS)
_ORGANIZATIONS_AMONG: Prepared[tuple[int, str]] = Prepared(
    ORGANIZATIONS.where(OrganizationRow.id.in_(bindparam("ids", expanding=True)))
)


def organizations(db: Db, organization_ids: Collection[int] | None) -> Sequence[tuple[int, str]]:
    """The organizations to choose from, by name."""
    if organization_ids is None:
        return _EVERY_ORGANIZATION.all(db)
    return _ORGANIZATIONS_AMONG.all(db, {"ids": sorted(organization_ids)})


class Organization(Filter[tuple[int, ...]]):
    """The organizations whose rows are in the list: some of the reader's own. The desk spreads its ranges over them
    (`spread`). `offered` replaces what is offered."""

    rewrites = True
    repeats = True
    most = 50
    """How many may be chosen at once."""

    def __init__(self, offered: Callable[[Chosen], Sequence[tuple[int, str]]] | None = None) -> None:
        super().__init__("organization", "Organization")
        self.offered = offered

    def parse(self, text: str, reader: Reader) -> tuple[int, ...]:
        found = {number(each.strip()) for each in text.split(",")}
        if len(found) > self.most:
            raise self.refuse(f"Choose at most {self.most} organizations.")
        ids = sorted(id for id in found if id is not None)
        if len(ids) < len(found):
            raise self.refuse("There is no such organization. Choose one from the filter.")
        return tuple(ids)

    def serialize(self, value: tuple[int, ...]) -> str:
        return ",".join(map(str, value))

    def values(self, value: tuple[int, ...], chosen: Chosen, db: Db) -> Mapping[str, object]:
        return {}

    def options(self, chosen: Chosen, sources: Sources) -> Options:
        found = (
            self.offered(chosen) if self.offered else organizations(sources.reading(), chosen.reader.organization_ids)
        )
        return [(str(id), name) for id, name in found] if len(found) > 1 else ()

    def active(self, value: tuple[int, ...], chosen: Chosen, sources: Sources) -> Sequence[Active]:
        names = dict(organizations(sources.reading(), chosen.organization_ids))
        return [
            Active((self.name,), "", names.get(id, "Another organization"), {self: rest} if rest else None)
            for id in value
            for rest in [tuple(other for other in value if other != id)]
        ]

    def control(self, chosen: Chosen, sources: Sources) -> Control | None:
        control = super().control(chosen, sources)
        return control._replace(kind="several") if control else None


class Person(Filter[PersonValue]):
    """A person by number, or `me`. `narrows` makes the condition from the bindparam of the person's id."""

    def __init__(
        self,
        name: str,
        label: str,
        narrows: Callable[[ColumnElement[int]], Condition],
    ) -> None:
        super().__init__(name, label)
        self.narrows = narrows

    def parse(self, text: str, reader: Reader) -> PersonValue:
        found = ME if text == ME.value else number(text)
        if found is None:
            raise self.refuse("There is no such person. Choose one from the filter.")
        return found

    def serialize(self, value: PersonValue) -> str:
        return str(value) if isinstance(value, int) else value.value

    def conditions(self, kind: Hashable, tab: str) -> Conditions:
        return (self.narrows(bindparam(self.name)),)

    def values(self, value: PersonValue, chosen: Chosen, db: Db) -> Mapping[str, object]:
        return {self.name: chosen.reader.person_id if value is ME else value}

    def options(self, chosen: Chosen, sources: Sources) -> Options:
        others = [each for each in sources.assignees() if each.id != chosen.reader.person_id]
        return [("", "anyone"), (ME.value, "me"), *((str(each.id), each.name) for each in others)]

    def shown(self, value: PersonValue, reader: Reader) -> str:
        return ME.value if value == reader.person_id else self.serialize(value)

    def phrase(self, value: PersonValue, chosen: Chosen, sources: Sources) -> tuple[str, str]:
        return self.label, self.name_of(value, chosen, sources)

    def name_of(self, value: PersonValue, chosen: Chosen, sources: Sources) -> str:
        if value is ME or value == chosen.reader.person_id:
            return "you"
        return next((each.name for each in sources.assignees() if each.id == value), "a person who is not here")


class Assignee(Person):
    """The person a row is assigned to: by number, `me`, or `nobody`."""

    def __init__(self, column: Column) -> None:
        super().__init__("with", "Assigned to", lambda person: column == person)
        self.column = column

    def parse(self, text: str, reader: Reader) -> PersonValue:
        return UNASSIGNED if text == UNASSIGNED.value else super().parse(text, reader)

    def kind(self, value: PersonValue, reader: Reader) -> Hashable:
        return "nobody" if value is UNASSIGNED else "one"

    def conditions(self, kind: Hashable, tab: str) -> Conditions:
        return (self.column.is_(None),) if kind == "nobody" else super().conditions(kind, tab)

    def values(self, value: PersonValue, chosen: Chosen, db: Db) -> Mapping[str, object]:
        return {} if value is UNASSIGNED else super().values(value, chosen, db)

    def options(self, chosen: Chosen, sources: Sources) -> Options:
        anyone, *people = super().options(chosen, sources)
        return [anyone, (UNASSIGNED.value, "nobody"), *people]

    def phrase(self, value: PersonValue, chosen: Chosen, sources: Sources) -> tuple[str, str]:
        return ("", "Unassigned") if value is UNASSIGNED else super().phrase(value, chosen, sources)


class Tag(Filter[str]):
    """A tag that the row has."""

    def __init__(self, subject: str, id: Column) -> None:
        super().__init__("tag", "Tag")
        self.subject, self.id = subject, id

    def parse(self, text: str, reader: Reader) -> str:
        try:
            return tags.tidy(text)
        except Invalid:
            raise self.refuse(f"A tag has at most {tags.LONGEST} characters. Choose one from the filter.") from None

    def conditions(self, kind: Hashable, tab: str) -> Conditions:
        return (tags.has_tag(self.subject, self.id, bindparam(self.name)),)

    def options(self, chosen: Chosen, sources: Sources) -> Options:
        text = chosen.text(self)
        names = dict.fromkeys([*([text] if text else []), *sources.tag_names()])
        return [("", "any"), *((name, name) for name in names)] if names else ()


class Text(Filter[str]):
    """Words to look for in the search index: the list keeps to the newest things that have all of them."""

    def __init__(self, subject: str, id: Column, placeholder: str, longest: int = 200) -> None:
        super().__init__("q", "Text")
        self.subject, self.id, self.placeholder, self.longest = subject, id, placeholder, longest

    def parse(self, text: str, reader: Reader) -> str:
        return normalization.query(text, self.longest)

    def conditions(self, kind: Hashable, tab: str) -> Conditions:
        return (self.id.in_(bindparam("found", expanding=True, type_=self.id.type)),)

    def values(self, value: str, chosen: Chosen, db: Db) -> Mapping[str, object]:
        found = search.ids(db, self.subject, value, chosen.organization_ids)
        return {"found": [self.id.type.python_type(id) for id in found]}

    def control(self, chosen: Chosen, sources: Sources) -> Control | None:
        return Control("text", self.name, self.label, chosen.shown(self), placeholder=self.placeholder)
