"""A list's arguments as one canonical query string, the same however they were ordered or typed."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, urlencode

from app.kernel.crypto import sha256
from app.kernel.errors import Invalid
from app.kernel.text import normalization

NEVER = frozenset({"after", "before", "page", "poll", "live", "csrf_token"})
"""A place in a list, or how a page was requested: no part of a view."""
PAGE = "on"
"""The argument of a view that names a page besides the list: `board`."""
ORDER = frozenset({"sort", "order"})
"""How the rows of a list are ordered. Part of a saved view; but rows are no newer for being sorted otherwise."""

NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
LONGEST_VALUE = 200
LONGEST = 1000
"""Characters of a whole query string."""

TOO_LONG = "These filters are too long to keep under a name. Nothing was saved. Shorten the text you look for."


def canonical(args: Mapping[str, object] | Iterable[tuple[str, object]]) -> str:
    """Arguments sorted and encoded, without places in the list, unset values and what no list of ours is called by."""
    given = args.items() if isinstance(args, Mapping) else args
    pairs = {
        (name, str(value))
        for name, values in given
        for value in (values if isinstance(values, (list, tuple, set, frozenset)) else (values,))
        if value is not None and value != "" and name not in NEVER and NAME.fullmatch(name)
    }
    return urlencode(sorted(pair for pair in pairs if _can_be_kept(pair[1])))


def _can_be_kept(value: str) -> bool:
    return len(value) <= LONGEST_VALUE and normalization.query(value, LONGEST_VALUE) == value.strip()


def typed(query: str) -> str:
    """The canonical form of a query string that came in with a form. Raises Invalid when it is too long to keep."""
    try:
        found = canonical(parse_qsl(query, max_num_fields=50))
    except ValueError:
        raise Invalid(TOO_LONG, code="view.too_long") from None
    if len(found) > LONGEST:
        raise Invalid(TOO_LONG, code="view.too_long")
    return found


def key(desk: str, query: str) -> str:
    """The key of a list in last-seen rows and notes: 64 hex digits, the same however the list is sorted."""
    rows = [(name, value) for name, value in parse_qsl(query) if name not in ORDER]
    return sha256(f"{desk}?{urlencode(rows)}")


def is_tab(query: str, tab: Iterable[str]) -> bool:
    """Whether a list is one of the desk's own tabs: nothing but its order and the arguments named `tab` is set."""
    return {name for name, _ in parse_qsl(query)} <= {*tab, *ORDER}


def page_of(query: str) -> str:
    """The page besides the list that a view is of; empty for a view of the list."""
    return next((pair.partition("=")[2] for pair in query.split("&") if pair.startswith(f"{PAGE}=")), "")


def without_page(query: str) -> str:
    """The arguments of that page."""
    return "&".join(pair for pair in query.split("&") if not pair.startswith(f"{PAGE}="))
