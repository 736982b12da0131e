"""What htmx swaps into a page, played onto it, gives the page that a fresh load of the new address gives.

Each form with a target, on each page of the house, with each thing it can ask for: the fragment is asked for as htmx
does, put in its place, and the whole document is compared. What js/filters.js updates beside a swap is named here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree.ElementTree import Element

import html5lib
import pytest
import time_machine

from app.kernel.clock import now
from tests.project import crawler
from tests.project.crawler import DemoSite, Visit

pytestmark = pytest.mark.timeout(400)  # loading and crawling the demo site takes its time

FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}
OPTIONS = 2
"""Of each select, so many: the first that is not chosen and the last."""


@dataclass(frozen=True)
class Ask:
    """One thing a form can ask for: the address, and where the answer goes."""

    url: str
    tag: str
    target: str


def test_a_played_swap_is_a_fresh_page(demo_site: DemoSite) -> None:
    with time_machine.travel(now(), tick=False):  # else what is said of waiting times may differ
        found = list(unequal(demo_site))
    assert not found, f"{len(found)} findings:\n" + "\n".join(found[:25])


def unequal(demo_site: DemoSite) -> Iterator[str]:
    client = demo_site.client("vera@example.com")
    played = 0
    for visit in demo_site.one_each():
        if not visit.signed_in:
            continue
        for ask in asks(visit):
            fragment = client.get(ask.url, headers={**FRAGMENT, "HX-Target": f"{ask.tag}#{ask.target}"})
            fresh = client.get(ask.url)
            if fragment.status_code != 200:
                yield f"{ask.url} answers {fragment.status_code}"
                continue
            page = tree(client.get(visit.url).get_data(as_text=True))
            play(page, tree(fragment.get_data(as_text=True)), ask.target)
            bring_up_to_date(page, ask.url)
            wanted = tree(fresh.get_data(as_text=True))
            played += 1
            yield from (f"{visit.url} → {ask.url}: {one}" for one in differences(page, wanted))
    assert played > 20, "hardly a swap was found"


def asks(visit: Visit) -> Iterator[Ask]:
    """What the page's forms with a target can ask for, one field changed at a time."""
    page = tree(visit.html)
    tags = {str(each.get("id")): each.tag for each in page.iter() if each.get("id")}
    for form in page.iter("form"):
        url, target = form.get("hx-get"), (form.get("hx-target") or "").removeprefix("#")
        if url is None or target not in tags:
            continue
        if target == "queue" and any("data-open" in each.attrib for each in page.iter()):
            continue  # beside an open item js/split.js asks for the whole page
        fields = list(kept(form))
        for name, _, others in fields:
            for other in others:
                values = {n: v for n, v, _ in fields} | {name: other}
                query = urlencode({n: v for n, v in values.items() if v})
                path = urlsplit(crawler.inside(visit.url, url) or visit.url).path
                yield Ask(f"{path}?{query}" if query else path, tags[target], target)


TYPED = {"zone": "Paris"}
"""What is typed into fields that do not take any text."""


def kept(form: Element) -> Iterator[tuple[str, str, list[str]]]:
    """Name, value and other values of each field of a form."""
    for field in form.iter():
        name = field.get("name")
        if not name or name == "csrf_token":
            continue
        if field.tag == "select":
            options = [
                (o.get("value", "".join(o.itertext())), o.get("selected") is not None) for o in field.iter("option")
            ]
            value = next((v for v, chosen in options if chosen), options[0][0] if options else "")
            others = [v for v, _ in options if v != value]
            yield name, value, list(dict.fromkeys(others[:1] + others[-1:]))[:OPTIONS]
        elif field.tag == "input" and field.get("type") in ("search", "text", None):
            day = "yyyy" in (field.get("placeholder") or "")
            typed = TYPED.get(name, "2026-11-01" if day else "e")
            yield name, field.get("value") or "", [typed]
        elif field.tag == "input" and field.get("type") in ("hidden", "date"):
            yield name, field.get("value") or "", ["2026-11-01"] if field.get("type") == "date" else []


def tree(html: str) -> Element:
    parsed: Element = html5lib.parse(html, namespaceHTMLElements=False)
    return parsed


def by_id(page: Element, id: str) -> Element | None:
    return next((each for each in page.iter() if each.get("id") == id), None)


def play(page: Element, fragment: Element, target: str) -> None:
    """outerHTML: the element with this id is replaced by the one that came."""
    parents = {child: parent for parent in page.iter() for child in parent}
    new, old = by_id(fragment, target), by_id(page, target)
    assert new is not None, f"#{target} did not come"
    assert old is not None, f"#{target} is not there"
    new.tail = old.tail
    siblings = list(parents[old])
    parents[old][siblings.index(old)] = new


def bring_up_to_date(page: Element, url: str) -> None:
    """As js/filters.js does (`followList`): the copy is of the list on screen."""
    shown, copy = (
        next((each for each in page.iter("div") if each.get("id") == "queue" or "data-filters" in each.attrib), None),
        by_id(page, "csv"),
    )
    main = by_id(page, "main")
    if shown is None or main is None:
        return
    heading = next(page.iter("h1"))
    if title := shown.get("data-title"):
        for span in heading.iter("span"):
            span.text = shown.get("data-many") if span.get("class") == "count" else f": {title}"
    chips = sum((each.get("class") or "").split() == ["chip", "set"] for each in shown.iter())
    for each in main.iter():
        if "filter-count" in (each.get("class") or "").split():
            each.text = str(chips or "")
    if title := shown.get("data-window-title"):
        for each in page.iter("title"):
            each.text = f"{title} · {(each.text or '').rpartition(' · ')[2]}"
    if lede := shown.get("data-lede"):
        heading.set("title", lede)
        next(each for each in main.iter() if "lede" in (each.get("class") or "").split()).text = lede
    if every := shown.get("data-every"):
        main.set("data-live-every", every)
    if any(each.get("name") == "state" for each in main.iter("select")):
        wanted = {k: v for k, v in parse_qsl(urlsplit(url).query) if k in ("state", "left")}
        tabs = next((each for each in main.iter("nav") if each.get("class") == "tabs"), Element("nav"))
        for tab in tabs.iter("a"):
            tab.attrib.pop("aria-current", None)
            if dict(parse_qsl(urlsplit(tab.get("href") or "").query)) == wanted:
                tab.set("aria-current", "page")
    for each in main.iter("form"):
        if each.get("class") == "layout-switch":
            each.set("action", shown.get("data-layout") or "")
    if copy is not None and shown.get("data-csv"):
        copy.set("href", shown.get("data-csv") or "")


def differences(one: Element, other: Element) -> Iterator[str]:
    """Where two documents differ, outermost first; the form the person has just filled in says what it said."""
    yield from _compare(one, other, "")


TOKENS = {"csrf_token": {"value"}, "csrf-token": {"content"}}
"""What holds the form token, by name: another text in every response."""
OWN = {"csrf_token", "data-now", "data-live-revision", "hx-headers:inherited", "nonce"}
"""Of one answer alone."""


def _compare(one: Element, other: Element, path: str) -> Iterator[str]:
    here = f"{path}/{one.tag}" + (f"#{one.get('id')}" if one.get("id") else "")
    if one.tag == "form" and one.get("role") == "search":
        return  # the browser keeps what was typed and chosen
    own = OWN | TOKENS.get(one.get("name") or "", set())
    mine = {k: v for k, v in one.items() if k not in own}
    theirs = {k: v for k, v in other.items() if k not in own}
    if (one.tag, mine, words(one.text)) != (other.tag, theirs, words(other.text)):
        yield f"{here} is {shown(one, mine)}, fresh it is {shown(other, theirs)}"
        return
    if len(one) != len(other):
        yield f"{here} holds {len(one)} elements, fresh {len(other)}"
        return
    for mine_in, theirs_in in zip(one, other, strict=True):
        yield from _compare(mine_in, theirs_in, here)
        if words(mine_in.tail) != words(theirs_in.tail):
            yield f"{here}: after {mine_in.tag} “{words(mine_in.tail)}”, fresh “{words(theirs_in.tail)}”"


def words(text: str | None) -> str:
    return " ".join((text or "").split())


def shown(element: Element, attributes: dict[str, Any]) -> str:
    return f"{element.tag} {attributes} “{words(element.text)}”"[:160]
