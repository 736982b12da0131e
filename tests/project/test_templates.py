"""Templates: each one is used, fragments have one root, letters are whole."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import html5lib

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "app" / "templates"
EMAILS = TEMPLATES / "email"
H = "{http://www.w3.org/1999/xhtml}"
PARTS = {"subject.txt", "body.txt", "body.html"}
TRANSLATED = re.compile(r"^(subject|body)\.([a-z]{2}(?:-[A-Z]{2})?)\.(txt|html)$")
NAMED = {"refused": "refusal", "pending_decisions": "holds", "choose-manager": "preview"}
"""A refusal is put in the slot for it, which every page with forms has; the bar keeps the id that open pages know; a
choice stands where the confirmation of it follows."""

COMMENT = re.compile(r"\{#.*?#\}", re.S)
LOGIC = re.compile(r"\{%.*?%\}", re.S)
VALUE = re.compile(r"\{\{.*?\}\}", re.S)


@cache
def sources() -> str:
    """All code and templates, in which a name must stand for its file to be used."""
    code = [path.read_text() for path in (ROOT / "app").rglob("*.py")]
    return "\n".join([*code, *(path.read_text() for path in TEMPLATES.rglob("*.html"))])


def pages() -> Iterator[Path]:
    return (path for path in sorted(TEMPLATES.rglob("*.html")) if EMAILS not in path.parents)


def test_every_template_is_used() -> None:
    names = [path.relative_to(TEMPLATES).as_posix() for path in pages()]
    # Templates of PDFs are named without their folder.
    known = [(name, name.removeprefix("pdf/")) for name in names]
    unused = [own for own in known if not any(f'"{name}"' in sources() or f"'{name}'" in sources() for name in own)]
    assert not unused


def test_every_email_is_used_and_whole() -> None:
    for folder in sorted(path for path in EMAILS.iterdir() if path.is_dir()):
        names = {path.name for path in folder.iterdir()}
        assert names >= PARTS, f"{folder.name} lacks {PARTS - names}"
        strange = {name for name in names - PARTS if not TRANSLATED.match(name)}
        assert not strange, f"{folder.name} has {strange}"
        known = f'"{folder.name}"' in sources() or f'f"{folder.name.rpartition("-")[0]}-{{' in sources()
        assert known, f"Nothing sends {folder.name}."


def test_emails_are_translated_whole_or_not_at_all() -> None:
    for folder in sorted(path for path in EMAILS.iterdir() if path.is_dir()):
        found = [match for path in folder.iterdir() if (match := TRANSLATED.match(path.name))]
        for locale in {match[2] for match in found}:
            parts = {f"{match[1]}.{match[3]}" for match in found if match[2] == locale}
            assert parts == PARTS, f"{folder.name} in {locale} has only {parts}"


def test_a_fragment_has_one_root_element_named_like_its_file() -> None:
    wrong = []
    for path in pages():
        if not path.name.startswith("_") or path.name in ("_head.html", "_cells.html"):
            continue  # the head of a document; one macro for each column of a list
        text = VALUE.sub("x", LOGIC.sub("", COMMENT.sub("", path.read_text())))
        roots = list(html5lib.parseFragment(text, container=container(text)))
        name = path.stem.removeprefix("_")
        if not roots and "{{" in path.read_text():
            continue  # a macro makes the root
        # Rows that stand many times on a page have their ids from what they show.
        if len(roots) != 1 or (
            roots[0].get("id") not in (None, NAMED.get(name, name)) and "x" not in roots[0].get("id")
        ):
            ids = [root.get("id") for root in roots]
            wrong.append(f"{path.relative_to(TEMPLATES)} has the roots {ids}")
    assert not wrong


def container(text: str) -> str:
    """The element that HTML allows the fragment to stand in."""
    first = re.search(r"<(\w+)", text)
    inside = {"tr": "tbody", "td": "tr", "th": "tr", "tbody": "table", "li": "ul", "option": "select"}
    return inside.get(first[1] if first else "", "div")


def test_pages_say_nothing_with_the_safe_filter() -> None:
    """What people typed is hostile; markup is made in macros, which escape. Literals may be."""
    found = [p.relative_to(TEMPLATES).as_posix() for p in pages() if re.search(r"(?<!['\"])\|\s*safe\b", p.read_text())]
    assert not found
