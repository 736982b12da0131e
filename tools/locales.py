"""Gettext catalogs of the desk packages: compiles them, and finds what is wrong with them.

`python -m tools.locales` compiles each `app/<package>/locales/<language>/LC_MESSAGES/<package>.po` to an `.mo` beside
it and reports what `faults` finds. The compiled files are committed, since production starts without these tools.
"""

import ast
import gettext
import io
import re
import string
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import PoFileError, read_po
from jinja2 import Environment, nodes

ROOT = Path(__file__).resolve().parents[1]
ENGLISH = "en"
NUMBER = "n"
"""The argument of `t` that chooses the plural form."""

TYPEWRITTEN = re.compile(r"(?<=\w)'(?=\w)")
"""An apostrophe within a word. Those around words of a date pattern are its syntax."""

_NO_BREAK, _NARROW = "\u00a0", "\u202f"
_FRENCH = (
    (re.compile(r"\s?([;!?])(?=\s|$)"), rf"{_NARROW}\1"),
    (re.compile(r"\s?(:(?=\s|$)|»)"), rf"{_NO_BREAK}\1"),
    (re.compile(r"«\s?"), f"«{_NO_BREAK}"),
)
"""The spaces of French: narrow before ; ! ?, wide before : and within « », never one where a line may end."""

NUMBERS_TRIED = 200
"""Plural rules repeat after a hundred; two hundred numbers show which forms stand for more than one number."""


@dataclass(frozen=True)
class Use:
    """A call of `t`: `keys` matches every message that it may ask for, `values` are the names of its arguments."""

    place: str
    keys: re.Pattern[str]
    values: frozenset[str]
    computed: bool


@dataclass(frozen=True)
class Domain:
    """The catalogs of one desk package, and the sources that use them."""

    root: Path
    name: str

    def po(self, language: str) -> Path:
        return self.root / "app" / self.name / "locales" / language / "LC_MESSAGES" / f"{self.name}.po"

    @property
    def languages(self) -> list[str]:
        """Every written language, English first."""
        found = {path.parts[-3] for path in (self.root / "app" / self.name / "locales").glob("*/LC_MESSAGES/*.po")}
        return sorted(found, key=lambda language: (language != ENGLISH, language))

    @cached_property
    def catalogs(self) -> dict[str, Catalog]:
        return {language: read(self.po(language)) for language in self.languages}

    @cached_property
    def uses(self) -> list[Use]:
        app = self.root / "app"
        templates = app / "templates"
        pages = [*(templates / self.name).rglob("*.html")]
        pages += (templates / "email").glob(f"{self.name.removesuffix('s')}-*/*")
        pages += (templates / "pdf").glob(f"{self.name.removesuffix('s')}-*")
        found = [use for path in sorted((app / self.name).rglob("*.py")) for use in uses_in_python(path)]
        return found + [use for path in sorted(pages) for use in uses_in_template(path)]


def domains(root: Path = ROOT) -> list[Domain]:
    """One domain for each package that has catalogs."""
    names = {path.parts[-5] for path in (root / "app").glob("*/locales/*/LC_MESSAGES/*.po")}
    return [Domain(root, name) for name in sorted(names)]


def read(path: Path) -> Catalog:
    """The messages as translators wrote them. Raises ValueError when the file cannot be read as a catalog."""
    try:
        with path.open("rb") as file:
            return read_po(file, abort_invalid=True)
    except PoFileError as error:
        raise ValueError(f"{path}: {error}") from None


def compiled(catalog: Catalog) -> bytes:
    """The `.mo` of a catalog; the same bytes for the same messages."""
    catalog.creation_date = catalog.revision_date = datetime(2000, 1, 1, tzinfo=UTC)
    catalog.project = catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = ""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def compile_all(root: Path = ROOT) -> list[Path]:
    """Writes every `.mo` whose messages changed, and returns the paths of those."""
    written = []
    for domain in domains(root):
        for language, catalog in domain.catalogs.items():
            if is_stale(domain, language):
                target = domain.po(language).with_suffix(".mo")
                target.write_bytes(compiled(catalog))
                written.append(target)
    return written


def is_stale(domain: Domain, language: str) -> bool:
    """Whether the compiled catalog is missing or has other messages than its source."""
    target = domain.po(language).with_suffix(".mo")
    return not target.exists() or content(target.read_bytes()) != content(compiled(domain.catalogs[language]))


def content(mo: bytes) -> tuple[str, dict[str, list[str]]]:
    """What a compiled catalog says, without the dates and tool names in its header."""
    catalog = read_mo(io.BytesIO(mo))
    return catalog.plural_forms, {key: forms(message) for key, message in messages_of(catalog).items()}


# Faults ---------------------------------------------------------------------------------------------------------


def faults(domain: Domain) -> list[str]:
    """Everything that is wrong with one domain, a sentence each."""
    return [*faults_of_translations(domain), *faults_of_uses(domain)]


def faults_of_translations(domain: Domain) -> Iterator[str]:
    """Stale files, and messages that are missing, unknown, unfinished or take other values than the English ones."""
    english = messages_of(domain.catalogs[ENGLISH])
    for language, catalog in domain.catalogs.items():
        place = f"{domain.name}, {language}"
        if is_stale(domain, language):
            yield f"{place}: the compiled catalog is stale; run python -m tools.locales."
        if str(catalog.locale) != language:
            yield f"{place}: the header names the language {catalog.locale}."
        found = messages_of(catalog)
        yield from (f"{place}: {key} is missing." for key in english.keys() - found.keys())
        yield from (f"{place}: {key} is not in the English catalog." for key in found.keys() - english.keys())
        for key in sorted(english.keys() & found.keys()):
            yield from (f"{place}: {key} {fault}." for fault in faults_of_message(catalog, found[key], english[key]))


def faults_of_message(catalog: Catalog, message: Message, english: Message) -> Iterator[str]:
    if message.fuzzy:
        yield "is marked as fuzzy, so that it is not compiled"
    if message.pluralizable != english.pluralizable:
        yield "has plural forms in one language and none in the other"
        return
    texts, wanted = forms(message), placeholders(forms(english)[-1])
    if message.pluralizable and len(set(message.id)) != 1:
        yield "has two keys"
        return
    if not all(texts):
        yield "has an empty text"
        return
    single = exact_forms(catalog) if message.pluralizable else set()
    for index, text in enumerate(texts):
        if TYPEWRITTEN.search(text):
            yield "has the apostrophe of a typewriter, the other texts the printed one (’)"
        if str(catalog.locale) == "fr" and in_french(text) != text:
            yield "has a space before ; ! ? : or within « » where a line may end"
        given = placeholders(text)
        if given != wanted and not (index in single and given | {NUMBER} == wanted):
            yield f"takes the values {sorted(given)}, the English one {sorted(wanted)}"


def faults_of_uses(domain: Domain) -> Iterator[str]:
    """Messages that nothing uses, and calls of `t` for a message that is not there or that takes other values."""
    english = messages_of(domain.catalogs[ENGLISH])
    unused = set(english)
    for use in domain.uses:
        asked = {key for key in english if use.keys.fullmatch(key)}
        unused -= asked
        if not asked:
            yield f"{use.place}: there is no message {use.keys.pattern}."
        for key in sorted(asked):
            plural = {NUMBER} if english[key].pluralizable else set()
            wanted = placeholders(forms(english[key])[-1]) | plural
            # A computed key stands for several messages, not all of which take every value.
            right = wanted - {NUMBER} <= use.values and plural == use.values & {NUMBER}
            if not right or not (use.computed or wanted == use.values):
                yield f"{use.place}: {key} takes the values {sorted(wanted)}, not {sorted(use.values)}."
    yield from (f"{domain.name}: {key} is used nowhere." for key in sorted(unused))


def messages_of(catalog: Catalog) -> dict[str, Message]:
    return {message.id if isinstance(message.id, str) else message.id[0]: message for message in catalog if message.id}


def forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or [""])


def in_french(text: str) -> str:
    """A French text with its spaces as printers set them."""
    for wrong, right in _FRENCH:
        text = wrong.sub(right, text)
    return text


def placeholders(text: str) -> set[str]:
    """The names between braces: `{"organization"}` for `Send to {organization}`.

    A name with an attribute, a conversion or a format is given as it stands, which no argument of `t` is called.
    """
    try:
        found = list(string.Formatter().parse(text))
    except ValueError as error:
        return {f"({error})"}
    return {
        name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
        for _, name, spec, conversion in found
        if name is not None
    }


def exact_forms(catalog: Catalog) -> set[int]:
    """The plural forms that stand for a single number each, so that their text may spell it: Arabic's one and two."""
    probe = Catalog(locale=catalog.locale)
    probe.mime_headers = [("Plural-Forms", catalog.plural_forms)]
    probe.add(("form", "form"), [str(form) for form in range(catalog.num_plurals)])
    translations = gettext.GNUTranslations(io.BytesIO(compiled(probe)))
    chosen = Counter(int(translations.ngettext("form", "form", number)) for number in range(NUMBERS_TRIED))
    return {form for form, times in chosen.items() if times == 1}


# Uses -----------------------------------------------------------------------------------------------------------


def uses_in_python(path: Path) -> Iterator[Use]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t" and node.args:
            values = frozenset(keyword.arg or "" for keyword in node.keywords)
            yield use(f"{path.name}:{node.lineno}", python_patterns(node.args[0]), values)


def uses_in_template(path: Path) -> Iterator[Use]:
    for node in Environment().parse(path.read_text("utf-8")).find_all(nodes.Call):
        if isinstance(node.node, nodes.Name) and node.node.name == "t" and node.args:
            values = frozenset(keyword.key for keyword in node.kwargs)
            yield use(f"{path.parent.name}/{path.name}:{node.lineno}", template_patterns(node.args[0]), values)


def use(place: str, patterns: list[str], values: frozenset[str]) -> Use:
    return Use(place, re.compile("|".join(patterns)), values, any(ANYTHING in pattern for pattern in patterns))


ANYTHING = ".+"
"""A part of a key that is computed. A key that is wholly computed matches no message, since nothing could check it."""


def python_patterns(node: ast.expr) -> list[str]:
    """Patterns of the keys that an expression may have as its value."""
    match node:
        case ast.Constant(value=str(key)):
            return [re.escape(key)]
        case ast.IfExp():
            return python_patterns(node.body) + python_patterns(node.orelse)
        case ast.JoinedStr():
            parts = [re.escape(str(p.value)) if isinstance(p, ast.Constant) else ANYTHING for p in node.values]
            return ["".join(parts)]
    return ["(computed key)"]


def template_patterns(node: nodes.Expr) -> list[str]:
    """The same for an expression of a template."""
    match node:
        case nodes.Const(value=str(key)):
            return [re.escape(key)]
        case nodes.CondExpr() if node.expr2 is not None:
            return template_patterns(node.expr1) + template_patterns(node.expr2)
        case nodes.Concat():
            parts = [re.escape(str(p.value)) if isinstance(p, nodes.Const) else ANYTHING for p in node.nodes]
            return ["".join(parts)]
    return ["(computed key)"]


def main() -> int:
    for path in compile_all():
        click.echo(f"compiled {path.relative_to(ROOT)}")
    found = [fault for domain in domains() for fault in faults(domain)]
    for fault in found:
        click.echo(fault, err=True)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
