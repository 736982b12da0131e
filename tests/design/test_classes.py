"""Classes, data attributes and icons: what a template, a script or Python names exists, and what exists is named."""

import re
from functools import cache
from pathlib import Path

APP = Path(__file__).parents[2] / "app"
STATIC = APP / "static"
NAME = r"[a-z][a-z0-9-]*"

NOT_STYLED = {
    "handover": "tests and readers tell a handover note from other notices by it",
}
"""Classes in markup that no rule of the stylesheet names, with the reason."""

FROM_LIBRARIES = {
    "htmx-request": "htmx sets it on the element whose request is under way",
}
"""Classes in scripts that others set, with who does."""

HANDED_IN = {
    "band": "dashboard charts: the range in which the top of a bar may lie",
    "consents": "argument of the macro that draws a table of the report",
    "expected": "dashboard charts: what is to come",
    "flip": "argument of the macro icon",
    "gridline": "dashboard charts: a line of the grid",
    "icon": "put together where icons are drawn",
    "large": "argument of the macro icon",
    "limit": "dashboard charts: what a bar should not pass",
    "limit-key": "the same in a chart's legend",
    "past": "argument of the macro that draws a ruler's bar",
    "qr": "handed to the library that draws QR codes",
    "question-form": "argument of the macro form",
    "range": "dashboard charts: a line from a low to a high value",
    "range-key": "the same in a chart's legend",
    "series-2": "the colour of a chart's second series",
    "toned-fill": "a bar in the colour of its tone",
    "upcoming": "an entry of a timeline that has not happened yet",
}
"""Classes that get into markup through a variable, with where from."""

STRING = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|`[^`\n]*`")


@cache
def sources(*patterns: str) -> tuple[str, ...]:
    """Texts of the app's own files, without comments."""
    found = [path.relative_to(APP) for pattern in patterns for path in sorted(APP.rglob(pattern))]
    texts = [(APP / path).read_text("utf-8") for path in found if not {"vendor", "email"} & set(path.parts)]
    return tuple(re.sub(r"\{#.*?#\}|/\*.*?\*/", "", text, flags=re.S) for text in texts)


@cache
def styled() -> frozenset[str]:
    """Classes that the stylesheet has rules for; a PDF's template may have some of its own."""
    found: set[str] = set()
    own = [rules for text in sources("*.html") for rules in re.findall(r"block style -?%\}(.*?)\{%", text, re.S)]
    for sheet in (*sources("*.css"), *own):
        rules = re.sub(r'"[^"]*"|@layer[^;{]*', "", sheet)
        found |= set(re.findall(rf"\.({NAME})", rules))
    return frozenset(found)


def words(text: str) -> set[str]:
    return set(re.findall(rf"(?<![\w.-]){NAME}(?![\w-])", text))


@cache
def in_markup() -> frozenset[str]:
    """Classes in `class="…"` of templates and Python: fixed words, and those in strings of an expression."""
    found: set[str] = set()
    for text in sources("*.html", "*.py"):
        for value in re.findall(r'\bclass="((?:\{\{.*?\}\}|\{%.*?%\}|[^"{])*)"', text):
            found |= words(re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{[^}]*\}", " ", value))
            for expression in re.findall(r"\{\{.*?\}\}", value):
                found |= {word for quoted in re.findall(r"""["']([^"']*)["']""", expression) for word in words(quoted)}
    return frozenset(found)


def test_every_class_in_markup_is_styled() -> None:
    unknown = in_markup() - styled() - NOT_STYLED.keys()
    assert not unknown, "Style them, drop them, or list them in NOT_STYLED with the reason."
    assert not NOT_STYLED.keys() - in_markup(), "No longer in any markup."


def test_every_styled_class_is_used() -> None:
    assert styled() - in_markup() == HANDED_IN.keys(), (
        "Drop the rule, or list in HANDED_IN how the class gets into markup."
    )
    quoted = {word for text in sources("*.html", "*.py") for string in STRING.findall(text) for word in words(string)}
    assert HANDED_IN.keys() <= quoted, "No longer named anywhere."


def test_every_class_in_scripts_exists() -> None:
    found: set[str] = set()
    for text in sources("*.js"):
        for string in STRING.findall(text):
            if not string[1:].startswith(("./", "../", "/")):
                selector = re.sub(r"\$\{[^}]*\}", "", string)
                found |= set(re.findall(rf"(?<![\w/.])(?:{NAME})?\.({NAME})(?=[\s\"'`:.\[>,)]|$)", selector))
    unknown = found - styled() - in_markup() - FROM_LIBRARIES.keys()
    assert not unknown, unknown


def test_every_data_attribute_that_scripts_read_is_written_somewhere() -> None:
    scripts = "\n".join(sources("*.js"))
    read = set(re.findall(rf"\[(data-{NAME})", scripts))
    written = set(re.findall(rf"\b(data-{NAME})", "\n".join(sources("*.html", "*.py"))))
    camel = re.findall(r"dataset\.(\w+)", scripts)
    written |= {"data-" + re.sub(r"[A-Z]", lambda character: "-" + character[0].lower(), name) for name in camel}
    assert not read - written


def test_every_icon_is_used() -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text("utf-8")))
    named: set[str] = set()
    for text in sources("*.html", "*.py", "*.js", "*.json"):
        named |= words(" ".join(re.findall(r"""["']([a-z0-9-]+)["']""", text)))
    unused = drawn - named
    assert not unused, "Symbols that nothing names."
