"""Nothing scrolls sideways and nothing covers a control: every page with hostile text in every field, at three widths.

A theme has no say in it: it changes colours alone (tests/design/test_colours.py).
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from app.accounts.models import Person
from app.config import Config
from app.dashboard.undo.models import PendingDecision, State
from app.depositions import emails as depositions
from app.depositions.models import Deposition
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox.email import sent_html
from tests import apps, browsers
from tests.project import hostile_text, visual_checks
from tests.project.crawler import DemoSite

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

WIDTHS = (1280, 390, 320)
CONFIRMED = {
    "depositions.detail": 'form[action$="/schedule"]',
    "prescreens.detail": 'form[action$="/approve"], form[action$="/decide"]',
    "inspections.detail": 'form[action$="/end"]',
}
"""Forms whose answer shows what will be sent, or says what is missing and hands back what was typed."""

LOST = """() => {
    const root = document.documentElement, edge = root.clientWidth + 1;
    const clipped = new Set();  // inside what scrolls or cuts by itself; parents come first
    const lost = [...document.querySelectorAll("body *")].filter((each) => {
        if (clipped.has(each.parentElement)) { clipped.add(each); return false; }
        const { overflowX, clipPath } = getComputedStyle(each);
        if (overflowX !== "visible" || clipPath !== "none") clipped.add(each);
        const box = each.getBoundingClientRect();
        return each.checkVisibility() && box.width && (box.right > edge || box.left < -1)
            && !each.closest(".visually-hidden, .skip-link, thead");
    });
    const sides = (each) => `${each.tagName}.${each.className.baseVal ?? each.className}`;
    return [
        ...(root.scrollWidth > root.clientWidth ? [`scrolls, ${root.scrollWidth} px`] : []),
        ...lost.slice(-3).map((each) => `${sides(each.parentElement)} > ${sides(each)} from ${
            Math.round(each.getBoundingClientRect().left)} to ${Math.round(each.getBoundingClientRect().right)}`),
    ];
}"""
"""What ends beyond the sides of the window: columns out of sight, text that is cut off."""

COVERED = """() => {
    const controls = "a[href], button, input:not([type=hidden]), select, textarea, summary, output";
    const repeated = new Set(REPEATED(controls).filter((row) => row.nextElementSibling));  // bars may lie over the last
    const isRepeated = (each) => each && (repeated.has(each) || isRepeated(each.parentElement));
    for (const box of [...document.querySelectorAll(".data-table .select-cell input:enabled")].slice(0, 1)) {
        box.checked = true;  // brings the bar of actions
    }
    const toasts = document.getElementById("toasts");
    if (toasts) {
        toasts.innerHTML = `<div class="toast good"><span>Scheduled ${"W".repeat(200)}</span>
            <a class="btn quiet" href="/">View</a></div>`;
    }
    const shown = (each) => each.checkVisibility({ visibilityProperty: true })
        && !each.closest(".visually-hidden, .skip-link, [inert]");
    const covered = new Map();
    const forwards = [...document.querySelectorAll(controls)].filter(shown), backwards = forwards.toReversed();
    for (const control of innerWidth > 1000 ? [...forwards, ...backwards] : innerWidth > 350 ? forwards : backwards) {
        if (!isRepeated(control)) control.focus();
        control.scrollIntoView({ block: "nearest" });
        const lines = [...control.getClientRects()].map((box) => {
            const x = Math.min(innerWidth - 1, Math.max(0, box.left + box.width / 2));
            const y = Math.min(innerHeight - 1, Math.max(0, box.top + box.height / 2));
            return { box, x, y, hit: document.elementFromPoint(x, y) };
        });
        if (!lines.length || lines[0].box.width < 2) continue;
        const free = ({ hit }) => control.contains(hit) || hit?.closest("label")?.contains(control);
        if (lines.some(free)) continue;  // a link may have more lines than there is room
        const { x, y, hit } = lines[0];
        const called = (each) => `${each?.tagName}.${each?.className.baseVal ?? each?.className}`;
        const place = (each) => `${called(each)} in #${each?.closest("[id]")?.id}`;
        const words = (control.textContent || control.name || "").trim().slice(0, 30);
        const where = `at ${Math.round(x)},${Math.round(y)}`;
        covered.set(control, `${place(control)} “${words}” ${where} lies under ${place(hit)}`);
    }
    return [...covered.values()].slice(0, 5);
}""".replace("REPEATED", f"({visual_checks.REPEATED})")
"""Controls that something else lies over while they have the focus, with a row ticked, a toast shown and both bars of
decisions up: one that can be undone, one that was not written. The focus goes forwards, backwards or both: what scrolls
into sight from above comes to lie under heads, from below under bars. In rows with the controls of two rows before them
they are looked at without the focus: moving it lays a long list out anew, which took most of the time."""

LOOK = f"() => {{ const found = [...({LOST})(), ...({COVERED})()]; scrollTo(0, 0); return found; }}"


def test_every_field_that_people_fill_in_is_filled_with_hostile_text() -> None:
    assert hostile_text.neither_planted_nor_own() == [], "FIELDS, DATA or OWN of tests/project/hostile_text.py"


def test_nothing_scrolls_sideways_and_nothing_is_covered(
    demo_site: DemoSite, chromium: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "hostile.sqlite3"
    with (
        contextlib.closing(sqlite3.connect(demo_site.database.config.database_url.partition("///")[2])) as original,
        contextlib.closing(sqlite3.connect(path)) as copy,
    ):
        original.backup(copy)
    config = Config.for_tests(database_url=f"sqlite:///{path}", public_base_url="http://localhost")
    database = Database(config)
    hostile_text.plant(database)
    decide(database)
    app = apps.made(database)
    found: list[str] = []
    there_and_back = cycle((WIDTHS, WIDTHS[::-1]))  # each change of width lays the page out anew

    def look(called: str) -> None:
        for width in next(there_and_back):
            page.set_viewport_size({"width": width, "height": 900})
            if wrong := page.evaluate(LOOK if page.url.startswith("http") else LOST):
                found.append(f"{called} at {width} px: {wrong}")

    with visual_checks.serving(app) as base, browsers.fresh_page(chromium) as page:
        for visit in demo_site.one_each():
            page.context.clear_cookies()
            page.context.add_cookies(visit.cookies(base))  # type: ignore[arg-type]
            response = page.goto(base + visit.url, wait_until="load")
            assert response is not None
            if response.status >= 500 or page.url != base + visit.url:
                found.append(f"{visit.url}: answers {response.status} at {page.url}")
            look(visit.url)
            if visit.endpoint in CONFIRMED:
                with page.expect_navigation(wait_until="load"):
                    page.evaluate("form => document.querySelector(form).submit()", CONFIRMED[visit.endpoint])
                look(f"{visit.url} after {CONFIRMED[visit.endpoint]}")
        for html in emails(database):
            page.goto("about:blank")  # no policy of ours against its styles
            page.set_content(html)
            look("an e-mail")
    database.dispose()
    assert not found, f"{len(found)} findings:\n" + "\n".join(found)


def decide(database: Database) -> None:
    """Lets Vera, who opens every page, have decisions on her bar, about prescreens that no page is about."""
    pressed = now()
    with database.write() as db:
        vera = db.scalars(select(Person).where(Person.email == "vera@example.com")).one()
        organization_id = db.scalars(select(Deposition.organization_id).limit(1)).one()
        for state in (State.PENDING, State.PENDING, State.OVERTAKEN):
            db.add(
                PendingDecision(
                    subject_type="prescreen",
                    subject_id=str(uuid4()),
                    organization_id=organization_id,
                    person_id=vera.id,
                    shown_to=vera.id,
                    kind="approve",
                    name=hostile_text.WORDS[0][:254],
                    url="/prescreens",
                    actor={},
                    payload={},
                    version=1,
                    digest="",
                    pressed_at=pressed,
                    final_at=pressed + timedelta(hours=1),
                    due_at=pressed + timedelta(hours=1),
                    state=state,
                    why=hostile_text.WORDS[0] if state is State.OVERTAKEN else None,
                )
            )


def emails(database: Database) -> Iterator[str]:
    """The e-mails of a deposition, which have the most text of others in them."""
    with database.read() as db:
        deposition = db.scalars(select(Deposition).where(Deposition.booked_at.is_not(None)).limit(1)).one()
        for message in depositions.scheduled(db, deposition, hostile_text.WORDS[0], now()):
            yield sent_html(message.payload["html"])
