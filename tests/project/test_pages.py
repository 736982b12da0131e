"""Every page that somebody can reach, looked at once: reachable, readable by machines, and silent in the database."""

import gzip
import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser

import html5lib
import pytest
import time_machine

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.web.compression import LEVEL
from tests import demo_data
from tests.project import crawler
from tests.project.crawler import DemoSite, Visit

pytestmark = pytest.mark.timeout(400)  # loading and crawling the demo site takes its time

H = "{http://www.w3.org/1999/xhtml}"


def complaints(found: Iterator[str]) -> None:
    shown = list(dict.fromkeys(found))
    assert not shown, f"{len(shown)} findings:\n" + "\n".join(shown[:25])


def test_every_page_can_be_reached(demo_site: DemoSite) -> None:
    rules = [rule for rule in demo_site.app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    pages = {rule.endpoint for rule in rules if not hasattr(demo_site.app.view_functions[rule.endpoint], "api_route")}
    unreached = pages - {visit.endpoint for visit in demo_site.visits} - crawler.APART.keys()
    assert not unreached, "No link leads there. If that is right, list them in APART (tests/project/crawler.py)."


def test_no_link_leads_nowhere(demo_site: DemoSite) -> None:
    """Vera may go everywhere, so whatever she clicks must answer; e-mails may be about what is over (410).

    Former addresses answer 308.
    """
    good = (200, 204, 302, 303, 304, 308, 410)
    complaints(
        f"{visit.url} answers {visit.status} (linked from {visit.came_from})"
        for visit in demo_site.visits
        if visit.status not in good
    )


LATER_PAGE = 15_000
"""Bytes, compressed, of a page whose static files the browser has, heads included (quality 1, page weight)."""
HEADS = 800
"""Bytes of an answer's heads, at most."""


def test_pages_are_light(demo_site: DemoSite) -> None:
    weights = ((visit.url, len(gzip.compress(visit.html.encode(), LEVEL, mtime=0))) for visit in demo_site.pages())
    complaints(f"{url} weighs {weight + HEADS}" for url, weight in weights if weight + HEADS > LATER_PAGE)


def test_no_fact_is_without_its_value(demo_site: DemoSite) -> None:
    """A name with nothing beside it says neither that something is unknown nor that there is none."""
    empty = re.compile(r"<dt>([^<]*)</dt>\s*<dd>\s*</dd>")
    complaints(f"{visit.url}: {name}" for visit in demo_site.pages() for name in empty.findall(visit.html))


BOOSTED = re.compile(r'<form[^>]* hx-boost="true".*?</form>', re.DOTALL)


def test_what_is_answered_beside_a_control_has_its_place(demo_site: DemoSite) -> None:
    """Without it a refusal, or a confirmation, comes and is shown nowhere."""

    def missing(html: str) -> Iterator[str]:
        forms = BOOSTED.findall(html.partition("<main")[2].partition("</main>")[0])
        if forms and 'id="refusal"' not in html:
            yield "refusal"
        if any('type="hidden" name="step" value="preview"' in form for form in forms) and 'id="preview"' not in html:
            yield "preview"

    complaints(f"{visit.url} has no {slot} slot" for visit in demo_site.pages() for slot in missing(visit.html))


MAY_WRITE: dict[str, str] = {
    "audit.csv": "notes who takes a copy",
    "depositions.csv": "notes who takes a copy of which list",
    "depositions.managers_csv": "notes who takes a copy of the roster",
    "depositions.detail": "says who is looking at it",
    "prescreens.csv": "notes who takes a copy of which list",
    "prescreens.contacts_csv": "notes who takes a copy of which list",
    "prescreens.file_original": "notes who takes which file of an answer",
    "prescreens.file_copy": "notes who takes which copy of one",
    "prescreens.calibration_csv": "notes who takes a copy of a round",
    "depositions.list": "keeps when its reader last looked at it",
    "prescreens.list": "keeps when its reader last looked at it",
    "inspections.csv": "notes who takes a copy of which list",
    "inspections.list": "keeps when its reader last looked at it",
    "inspections.chain_bundle": "notes who takes the bundle",
    "inspections.original": "notes who takes which original",
    "inspections.copy": "notes who takes which copy",
    "inspections.detail": "says who is looking at it",
    "prescreens.detail": "says who is looking at it",
    "inspections_public.welcome": "notes once that the mailed page was opened",
    "api.inspections_join": "redeems an invite, as its document prints it",
}
"""GET endpoints that may write, through `aside()`, and what."""


def test_looking_changes_nothing(demo_site: DemoSite) -> None:
    complaints(f"GET {v.url} wrote" for v in demo_site.visits if v.wrote and v.endpoint not in MAY_WRITE)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.filled(by=(demo_data.load, crawler.add_vera))
def test_looking_changes_nothing_on_postgresql(database: Database) -> None:
    with crawler.counting_writes(database):
        site = crawler.open_demo_site(database, visits_each=2)
    assert any(v.wrote for v in site.visits if v.endpoint in MAY_WRITE), "a write that may be was not seen"
    complaints(f"GET {v.url} wrote" for v in site.visits if v.wrote and v.endpoint not in MAY_WRITE)
    complaints(f"GET {v.url} answers {v.status}" for v in site.visits if v.status >= 500)


def test_html_is_valid(demo_site: DemoSite) -> None:
    first: dict[str, str] = {}
    for visit in demo_site.pages():
        for fault in faults(visit):
            first.setdefault(f"{visit.endpoint}: {fault}", visit.url)
    complaints(f"{fault} ({url})" for fault, url in first.items())


def faults(visit: Visit) -> Iterator[str]:
    parser = html5lib.HTMLParser(namespaceHTMLElements=True)
    tree = parser.parse(visit.html)
    for (line, _), code, data in parser.errors:
        yield f"{code} {data} at line {line}"
    ids = Counter(e.get("id") for e in tree.iter() if e.get("id") is not None)
    yield from (f"id {name!r} stands {n} times" for name, n in ids.items() if n > 1 or not name)
    yield from _references(tree, ids)
    yield from _unlabelled(tree)
    if tree.get("lang") in (None, ""):
        yield "html has no lang"
    if sum(1 for _ in tree.iter(f"{H}h1")) != 1:
        yield "needs exactly one h1"
    if not "".join(tree.find(f"{H}head/{H}title").itertext()).strip(" ·"):
        yield "has no title"
    for element in tree.iter():
        if any(name == "style" or name.startswith("on") for name in element.attrib):
            yield f"inline style or script on {element.tag}"
        if element.tag == f"{H}img" and element.get("alt") is None:
            yield "a picture without alt"


REFERENCES = (
    "for",
    "aria-labelledby",
    "aria-describedby",
    "aria-controls",
    "commandfor",
    "popovertarget",
    "form",
    "list",
)


def _references(tree: object, ids: Counter) -> Iterator[str]:
    for element in tree.iter():  # type: ignore[attr-defined]
        for name in REFERENCES:
            for wanted in (element.get(name) or "").split():
                if wanted not in ids:
                    yield f"{name}={wanted!r} points at nothing"
        href = element.get("href") or ""
        if href.startswith("#") and element.tag == f"{H}a" and href[1:] not in ids:
            yield f"the link {href!r} leads nowhere"
        target = element.get("hx-target", "")
        if target.startswith("#") and target[1:] not in ids:
            yield f"hx-target {target!r} points at nothing"


def _unlabelled(tree: object) -> Iterator[str]:
    parents = {child: parent for parent in tree.iter() for child in parent}  # type: ignore[attr-defined]
    labelled = {label.get("for") for label in tree.iter(f"{H}label")}  # type: ignore[attr-defined]
    for element in tree.iter():  # type: ignore[attr-defined]
        named = element.get("aria-label") or element.get("aria-labelledby") or element.get("title")
        if element.tag in (f"{H}input", f"{H}select", f"{H}textarea"):
            if element.get("type") in ("hidden", "submit"):
                continue
            inside = element
            while inside is not None and inside.tag != f"{H}label":
                inside = parents.get(inside)
            if not named and inside is None and element.get("id") not in labelled:
                yield f"field {element.get('name')!r} has no label"
        elif element.tag in (f"{H}button", f"{H}a") and not named and not "".join(element.itertext()).strip():
            yield f"a {element.tag.removeprefix(H)} without words"
        elif element.tag == f"{H}table" and element.find(f"{H}caption") is None and not named:
            yield "a table without caption"


def test_fragments_equal_the_fresh_page(demo_site: DemoSite) -> None:
    """What htmx fetches for an element is that element of the page at the same address."""
    with time_machine.travel(now(), tick=False):  # else what is said of waiting times may differ
        complaints(iter(unequal(demo_site)))


def unequal(demo_site: DemoSite) -> list[str]:
    client = demo_site.client("vera@example.com")
    asked: set[tuple[str, str]] = set()
    findings = []
    for visit in demo_site.pages():
        for url, tag, target in fragments(visit):
            # A preview is a dialog over the page that opened it; by itself its address shows a page of its own.
            if (visit.endpoint, target) in asked or not visit.signed_in or target == "preview":
                continue
            asked.add((visit.endpoint, target))
            partial = client.get(
                url,
                headers={"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": f"{tag}#{target}"},
            )
            if partial.status_code in (204, 304):
                continue
            page = element(client.get(url).get_data(as_text=True), target)
            alone = element(partial.get_data(as_text=True), target)
            if "<html" in partial.get_data(as_text=True):
                findings.append(f"{url} gives the whole page for #{target}")
            elif page is None or page != alone:
                findings.append(f"{url}: fragment #{target} differs from the fresh page")
            if "HX-Request" not in partial.headers.get("Vary", ""):
                findings.append(f"{url}: the fragment's answer does not vary by HX-Request")
    return findings


class Finder(HTMLParser):
    """Elements that htmx loads by GET into an element with an id."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.tags: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.tags[str(given["id"])] = tag
        url, target = given.get("hx-get"), given.get("hx-target") or ""
        if target in ("", "this") and given.get("id"):
            target = f"#{given['id']}"
        if url is not None and target.startswith("#"):
            self.found.append((url, target[1:]))


def fragments(visit: Visit) -> Iterator[tuple[str, str, str]]:
    finder = Finder()
    finder.feed(visit.html)
    for url, target in finder.found:
        yield crawler.inside(visit.url, url) or visit.url, finder.tags.get(target, "div"), target


def element(html: str, wanted: str) -> str | None:
    """The element with an id, written out, without what differs from answer to answer."""
    tree = html5lib.parse(html)
    for found in tree.iter():
        if found.get("id") == wanted:
            return _written(found)
    return None


def _written(node: object) -> str:
    name = node.get("name", "")  # type: ignore[attr-defined]
    drop = {"value"} if name == "csrf_token" else {"data-now"}
    attributes = sorted((k, v) for k, v in node.items() if k not in drop)  # type: ignore[attr-defined]
    inside = "".join(_written(child) + " ".join((child.tail or "").split()) for child in node)  # type: ignore[attr-defined]
    return f"<{node.tag} {attributes}>{' '.join((node.text or '').split())}{inside}</>"  # type: ignore[attr-defined]
