"""Organizations as visitors and recipients of e-mails meet them."""

from dataclasses import dataclass

SHEETS = "/brand"
"""Where the sheets with the colours of organizations are served."""


@dataclass(frozen=True, slots=True)
class Host:
    """An organization as people without an account meet it: its name, its colour, and how it is reached.

    `locale` is that of the page, `hours_locale` that of the text in `hours`; `phone` is read, `phone_key` is dialled.
    Texts may be empty.
    """

    name: str
    locale: str
    slug: str
    colour: str
    email: str
    phone: str
    phone_key: str
    hours: str
    hours_locale: str

    @property
    def sheet(self) -> str:
        """The path of the sheet with its colour; it changes with the colour. Empty when it has none."""
        return f"{SHEETS}/{self.slug}.css?v={self.colour[1:]}" if self.colour else ""

    @property
    def can_be_reached(self) -> bool:
        """Whether it says how."""
        return bool(self.email or self.phone or self.hours)
