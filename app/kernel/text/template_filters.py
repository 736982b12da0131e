"""Words about things, for templates: initials, ids made from sentences, numbers with their noun."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape


def initials(name: str) -> str:
    """`Ines Moreau` → `IM`, `Ana Ruiz de la Cruz` → `AC`, `日本` → `日`."""
    parts = [part for part in re.split(r"[\s.@_]+", name or "") if part[:1].isalnum()]
    if not parts:
        return "?"
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()


def slug(text: str) -> str:
    """A piece of an HTML id: `Cancel the request…` → `cancel-the-request`. Never empty."""
    plain = unicodedata.normalize("NFKD", text or "").encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or f"x{len(text or '')}"


def pluralize(n: int, one: str, many: str = "") -> str:
    """`1 request`, `1,204 requests`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def lead(text: str) -> tuple[str, str]:
    """The first sentence and the rest: `Not scheduled: Ana was first. Your reason is kept.`"""
    first, mark, rest = text.partition(". ")
    return (first + mark.strip(), rest) if mark else (text, "")


def spell_out(name: str) -> str:
    """A field's name as a label: `join_room` → `Join room`."""
    words = re.sub(r"[_\-.\s]+", " ", name).strip()
    return words[:1].upper() + words[1:]


def code_spans(text: str) -> Markup:
    """Text whose `backticked` words are set as code: the API documents write so."""
    parts = text.split("`")
    marked = (Markup("<code>{}</code>").format(part) if n % 2 else escape(part) for n, part in enumerate(parts))
    return Markup("").join(marked) if len(parts) % 2 else escape(text)


@lru_cache(maxsize=4096, typed=True)
def once(macro: Callable[..., Any], *arguments: Any) -> Any:
    """What a macro of an imported file says for these arguments, remembered: for rows, and the parts they repeat.

    Arguments are compared by value, and by type: text and markup that read alike print differently. Inside a tuple only
    values are compared, so a field of it always holds text or always markup.
    """
    return macro(*arguments)


def choices(pairs: Iterable[Sequence[Any]], nothing: str) -> tuple[tuple[Any, ...], ...]:
    """The choices of a filter, (value, words), with what says that it filters nothing; `once` can remember them."""
    return (("", nothing), *map(tuple, pairs))


def install(env: Environment) -> None:
    """Register the filters of this module, and the function `once`."""
    env.globals["once"] = once
    env.filters.update(
        initials=initials,
        slug=slug,
        number_of=pluralize,
        lead=lead,
        spoken=spell_out,
        code_spans=code_spans,
        choices=choices,
    )
