"""Identifiers speak the words of docs/glossary.md: those of the former dialect do not grow back."""

import ast
import re
from collections import defaultdict
from collections.abc import Container, Iterator
from pathlib import Path

import pytest

from tests.project.test_source import files, name, python

RETIRED = {
    "aside": "side_transaction, dismissed",
    "colleague": "assignee",
    "colleagues": "assignees",
    "door": "authenticator, API, via",
    "doors": "authenticators",
    "furnished": "demo_site",
    "furniture": "layout",
    "held": "claimed, pending",
    "hold": "undo, pending decision",
    "holder": "assignee",
    "holds": "pending decisions",
    "house": "the app, staff, demo_site",
    "lane": "destination, tab",
    "lanes": "destinations, tabs",
    "leaving": "confirmation",
    "letter": "email",
    "letters": "emails",
    "narrowing": "filters",
    "oddities": "flags",
    "oddity": "flag",
    "posting": "http_client",
    "ratelimit": "rate_limits",
    "said": "text, content, status_text",
    "seal": "fingerprint",
    "sealed": "encrypted, fingerprint",
    "shelf": "segment, assets",
    "spoken": "t",
    "story": "timeline",
    "stretch": "segment",
    "stretches": "segments",
    "tallies": "hourly_stats",
    "tally": "stat",
    "tell": "notify, record",
    "telling": "events, notify",
    "told": "notified, events",
    "twin": "api_example",
    "twins": "api_examples",
    "untold": "undelivered",
    "worn": "tags",
}
"""A retired word, and what says the same now (docs/glossary.md)."""

ALLOWED: dict[str, dict[str, str]] = {
    "app/depositions/": {
        "tell": "the verb that sends how a session stands to those who do not know",
        "told": "the event of that verb",
    },
    "app/cli_depositions": {"tell": "the command of that verb"},
    "tests/depositions/test_tell": {"tell": "the verb of depositions that this file is about"},
    "app/inspections/": {
        "seal": "the chain's own word for appending an event",
        "sealed": "the chain's own word for an appended event",
        "hold": "a legal hold is what the law calls it",
    },
    "tests/inspections/test_erase_evidence": {"hold": "a legal hold, as above"},
}
"""Where a word means something of its own: the beginning of a path, the words, and why."""

SENTENCE_WORDS = {"held", "hold", "holds", "said", "tell", "told"}
"""Verbs that may stand in the name of a test, which is a sentence."""

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


NAME = re.compile(r"[^\W\d]\w*")


def words_of(identifier: str) -> set[str]:
    """`held_rows` and `HeldRows` are both `held` and `rows`."""
    return {word.lower() for word in WORD.findall(identifier)}


def mentions(text: str, words: Container[str]) -> bool:
    """Whether one of these words is part of a name anywhere in a text. Looking is cheaper than parsing."""
    return any(word in words for each in set(NAME.findall(text)) for word in words_of(each))


def identifiers(path: Path, words: Container[str]) -> Iterator[tuple[str, int]]:
    """Names that a Python file gives to things, with their lines; of a file without these words none."""
    text = path.read_text()
    for node in ast.walk(ast.parse(text)) if mentions(text, words) else ():
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr, node.lineno
            case ast.alias(asname=str()):
                yield str(node.asname), node.lineno


def allowed(place: str, word: str) -> bool:
    return any(place.startswith(prefix) and word in words for prefix, words in ALLOWED.items())


def test_no_python_identifier_uses_a_retired_word() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for path in python("app/", "tests/", "bench/", "tools/"):
        for identifier, line in identifiers(path, RETIRED):
            sentence = SENTENCE_WORDS if identifier.startswith("test_") else set()
            for word in (words_of(identifier) & RETIRED.keys()) - sentence:
                if not allowed(name(path), word):
                    found[word].append(f"{name(path)}:{line} {identifier}")
    report = "\n".join(f"{word} → {RETIRED[word]}: {', '.join(places[:8])}" for word, places in sorted(found.items()))
    assert not found, f"Retired words (docs/glossary.md):\n{report}"


def test_no_file_is_named_by_a_retired_word() -> None:
    found = [
        name(path)
        for path in files()
        if not name(path).startswith("migrations/")
        for word in words_of(path.stem) & RETIRED.keys()
        if not allowed(name(path), word)
    ]
    assert not found


CLASS = re.compile(r"\.(-?[a-z][a-z0-9-]*)")


def test_no_css_class_is_a_retired_word() -> None:
    found = {
        f"{name(path)}: .{found}"
        for path in files()
        if path.suffix == ".css"
        for found in CLASS.findall(re.sub(r"/\*.*?\*/|\"[^\"]*\"|url\([^)]*\)", "", path.read_text(), flags=re.S))
        if words_of(found) & RETIRED.keys()
    }
    assert not found


@pytest.mark.parametrize("identifier", ["held_rows", "HeldRows", "_held", "heldRows", "HELD"])
def test_words_are_found_however_they_are_written(identifier: str) -> None:
    assert "held" in words_of(identifier)


LOSING = {
    r"\b(?:[Ll]oad (?:it|the page|this page)? ?again|Look again|[Rr]efresh(?:es|ed)? (?:it|the|this))\b": "reload",
    r"\b(?:[Mm]ake|[Mm]ade) (?:an?|the|another) (?:key|account|organization|request|questionnaire|feed)\b": "create",
    r"\b(?:Key|Account|Feed|Calendar feed) made\b": "created",
    r"(?<!Ctrl )\bEnter (?!the room)|\benter (?:an?|your|the request|it as)\b": "type, create",
    r"\b(?:Say (?:on which|at what|in which)|Name the (?:case|time zone)|Give (?:it|the view) a name)\b": "type",
    r"\bWrite (?:the manager’s|a number|whole|yes or no|a date and)\b": "type",
    r"\b[Pp]lease write (?:a|the amount|the number)\b": "type",
    r"(?<!hour of this )\b(?:session|inspection|round) (?:is|was)(?: already)? over\b|\bOver or canceled\b": "ended",
    r"\b[Ee]vidence[^.]{0,80} deleted\b|\b(?:original|answers)[^.;]{0,30} (?:is|are) deleted\b": "erased",
    r"\b(?:will be|were not|until they are) told\b": "notified",
    r"\ball members\b|\bmembers of the (?:team|organization)\b": "people",
    r"(?<![Ff]ield )(?<![Oo]f )\b[Uu]sers?\b(?= (?:waits?|of the|who|can|may|must)\b)": "person, people",
}
"""What pages, e-mails and commands do not say, and the word for it (docs/glossary.md)."""


def sentences() -> Iterator[tuple[str, str]]:
    """All English that people read, with its file: templates, catalogs, and strings of the app."""
    for path in files():
        if name(path).startswith("app/templates/"):
            yield name(path), " ".join(re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.S).split())
        elif path.suffix == ".po" and "/en/" in name(path):
            yield from (
                (name(path), line) for line in path.read_text().splitlines() if line.startswith(("msgstr", '"'))
            )
    for path in python("app/"):
        tree = ast.parse(path.read_text())
        plain = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in plain:
                yield f"{name(path)}:{node.lineno}", node.value


def test_no_sentence_says_a_word_that_lost() -> None:
    found = [
        f"{place}: “{match[0]}” → {word}"
        for place, text in sentences()
        for pattern, word in LOSING.items()
        if (match := re.search(pattern, text))
    ]
    assert not found, "docs/glossary.md:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "sentence",
    [
        "Nothing was changed. Load the page again.",
        "Look again.",
        "Make a key",
        "Key made",
        "Enter your name.",
        "Say at what time.",
        "Write the manager’s name.",
        "This session is over.",
        "Then the evidence of this inspection is deleted.",
        "They will be told.",
        "Asked of all members.",
        "No user waits.",
    ],
)
def test_words_that_lost_are_found(sentence: str) -> None:
    assert any(re.search(pattern, sentence) for pattern in LOSING)


def test_every_exception_is_needed() -> None:
    for prefix, exceptions in ALLOWED.items():
        used = {
            word
            for path in python(prefix)
            for identifier, _ in [*identifiers(path, exceptions), (path.stem, 0)]
            for word in words_of(identifier)
        }
        assert exceptions.keys() <= used, f"{prefix}: {sorted(exceptions.keys() - used)} is not used any more."
