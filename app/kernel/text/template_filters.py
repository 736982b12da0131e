"""Filters for templates: initials and colours of people, HTML ids, numbers with their noun, cached macros."""

import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from jinja2 import Environment
from markupsafe import Markup, escape

from app.kernel.text import normalization


def initials(name: str) -> str:
    """`Ines Moreau` → `IM`, `Ana Ruiz de la Cruz` → `AC`, `日本` → `日`."""
    parts = [part for part in re.split(r"[\s.@_]+", name or "") if part[:1].isalnum()]
    if not parts:
        return "?"
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()


HUES = 8
"""Colours of avatars (static/css/avatar.css)."""


def hue(name: str) -> int:
    """The colour of a person's avatar, 1 to 8: the same name has the same one everywhere and always."""
    return zlib.crc32(unicodedata.normalize("NFKC", name or "").casefold().encode()) % HUES + 1


def slug(text: str) -> str:
    """A part of an HTML id: `Cancel the request…` → `cancel-the-request`. Never empty."""
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
    text = re.sub(r"[_\-.\s]+", " ", name).strip()
    return text[:1].upper() + text[1:]


def code_spans(text: str) -> Markup:
    """Text whose parts in `backticks` become <code>, as in the API documents."""
    parts = text.split("`")
    marked = (Markup("<code>{}</code>").format(part) if n % 2 else escape(part) for n, part in enumerate(parts))
    return Markup("").join(marked) if len(parts) % 2 else escape(text)


@lru_cache(maxsize=4096, typed=True)
def once(macro: Callable[..., Markup], *arguments: object) -> Markup:
    """The cached result of a macro of an imported file, for parts that rows repeat.

    Arguments are compared by value and by type: equal text and markup print differently. Inside a tuple only values are
    compared, so a field of it is always text or always markup.
    """
    return macro(*arguments)


def size(number: int) -> str:
    """A size as people read it."""
    if number < 1000:
        return f"{number} bytes"
    return f"{number / 1000:.0f} kB" if number < 1_000_000 else f"{number / 1_000_000:.1f} MB"


def choices(pairs: Iterable[Sequence[object]], nothing: str) -> tuple[tuple[object, ...], ...]:
    """The choices of a filter, (value, label), after the one that filters nothing; hashable for `once`."""
    return (("", nothing), *map(tuple, pairs))


def install(env: Environment) -> None:
    """Registers the filters of this module and the function `once`."""
    env.globals["once"] = once
    env.filters.update(
        initials=initials,
        hue=hue,
        slug=slug,
        pluralize=pluralize,
        lead=lead,
        spell_out=spell_out,
        code_spans=code_spans,
        choices=choices,
        shown=normalization.shown,
    )
