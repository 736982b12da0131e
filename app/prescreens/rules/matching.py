"""What a match of a prescreen with a contact rests upon, in words."""

from typing import NamedTuple, Protocol

from app.kernel.text import normalization


class Prospect(Protocol):
    """Who answered, as a row of the list has it."""

    @property
    def name(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...


class Given(Prospect, Protocol):
    """What a prospect gave: the columns of a prescreen that contacts are matched by."""

    @property
    def phone(self) -> str | None: ...


class NamedPerson(Protocol):
    """The name and the e-mail address of a contact, the latter as it is matched."""

    @property
    def name(self) -> str: ...
    @property
    def email_key(self) -> str | None: ...


class Known(NamedPerson, Protocol):
    """A contact."""

    @property
    def email(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def phone_key(self) -> str | None: ...


class Filed(NamedTuple):
    """A contact that a prescreen fits: its name, and what that rests upon, `by telephone number only; other name`.

    `alike` is whether name, address and number are all the same.
    """

    name: str
    basis: str
    alike: bool


SAME, OTHER = "same {}", "other {}"


def filed(given: Given, contact: Known, region: str | None = None) -> Filed:
    """Why a prescreen fits a contact of an organization in `region`, and what of the two differs or is missing."""
    by_email = _same_email(given, contact)
    by_phone = bool(given.phone) and normalization.telephone_key(given.phone or "", region) == contact.phone_key
    name = _compared(given.name, contact.name, same_name(given.name, contact.name))
    address = _compared(given.email, contact.email, by_email)
    # A contact that fits by nothing else fits by its number, in whichever spelling it was typed.
    number = _compared(given.phone, contact.phone, by_phone or not by_email)
    by = [text for found, text in ((address, "e-mail address"), (number, "telephone number")) if found == SAME]
    rest = [
        name.format("name"),
        *(part.format(word) for part, word in ((address, "address"), (number, "number")) if part != SAME),
    ]
    basis = f"by {' and '.join(by)}{' only' if len(by) == 1 else ''}"
    shown = normalization.shown(contact.name, contact.email, contact.phone) or "a contact without a name"
    alike = {name, address, number} <= {SAME, ""}
    return Filed(shown, "; ".join(filter(None, [basis, ", ".join(filter(None, rest))])), alike)


def shared(one: Known, other: Known) -> str:
    """What two contacts of an organization have in common, and what not: `same telephone number; other name`."""
    phone = bool(one.phone_key) and one.phone_key == other.phone_key
    parts = (
        _compared(other.name, one.name, same_name(other.name, one.name)).format("name"),
        "" if phone or not other.phone else (OTHER if one.phone else "no {} here").format("number"),
        _compared(other.email, one.email, False).format("address") if one.email and other.email else "",
    )
    basis = "same telephone number" if phone else "one prescreen fits both"
    return "; ".join(filter(None, [basis, ", ".join(filter(None, parts))]))


def here_before(given: Prospect, contact: NamedPerson) -> str:
    """`Here before`, with what that rests upon where it is not the e-mail address and the name."""
    basis = "" if _same_email(given, contact) else "by number only"
    other = "" if same_name(given.name, contact.name) else "other name"
    return ", ".join(filter(None, ["Here before", basis, other]))


def same_name(one: str | None, other: str | None) -> bool:
    """Whether two names are the same but for case, accents and spaces."""
    return normalization.fold(one or "").split() == normalization.fold(other or "").split()


def _same_email(given: Prospect, contact: NamedPerson) -> bool:
    return bool(given.email) and normalization.email_key(given.email or "") == contact.email_key


def _compared(given: str | None, known: str | None, same: bool) -> str:
    """Whether the two are the same or which is missing, with a place for what it is; empty when both are missing."""
    if given and known:
        return SAME if same else OTHER
    return "no {} given" if known else "no {} on file" if given else ""
