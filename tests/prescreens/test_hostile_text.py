"""Hostile text in everything that is typed about deciding, at three widths, in both themes and directions: nothing
scrolls sideways, nothing covers a control, and no text becomes an element."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import update

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.prescreens import actions, links
from app.prescreens.actions.reasons import change_reasons
from app.prescreens.models import Contact, DecisionSnapshot, Prescreen, QuestionnaireVersion
from app.prescreens.queries.stages import Reach
from app.prescreens.rules.calibration import CASES
from app.prescreens.rules.reasons import Grounds, Reason
from tests import browsers
from tests.cast import Cast
from tests.prescreens.decisions import decide_in
from tests.prescreens.factories import QUESTIONS, prescreen, stored, template
from tests.prescreens.measured import switch
from tests.prescreens.test_ask import answer
from tests.prescreens.test_calibration import made as calibration_rounds
from tests.prescreens.test_calibration import switch as measure_calibration
from tests.project import visual_checks
from tests.project.test_width import LOOK, WIDTHS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(400),
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]

A_DAY = timedelta(days=1)
PLANTED = "<i data-planted>x</i><script data-planted>document.title='planted'</script><img data-planted src=x>"
TEXTS = {
    "letters": "W" * 200,
    "characters": "x" * 499 + "y",
    "arabic": "مستأجر" * 60,
    "emoji": "👩‍👩‍👧‍👧" * 50,
    "overrides": "\u202e" + "desrever " * 30,
    "elements": PLANTED * 2,
    "long": "L" * 10_000,
}
SHORT = [text[:80] for name, text in TEXTS.items() if name != "long"]
"""As long as a reason of the list may be."""
GIVEN = {name: text[:5000] for name, text in TEXTS.items()}
"""As long as an answer may be; the longest is written over it."""
WHY = f"{TEXTS['letters']}{TEXTS['arabic'][:100]}{PLANTED}"
LOOSE = "() => [...document.querySelectorAll('[data-planted]')].length + (document.title === 'planted' ? 1 : 0)"


@pytest.fixture
def site(database: Database, cast: Cast) -> dict[str, Any]:
    """A questionnaire, reasons, decisions, questions and notes that say nothing but hostile text."""
    home, lena = cast.marston.id, cast.actor("lena")
    reach = Reach((home,))
    words = list(TEXTS.values())
    questions = [
        {**question, "label": words[n % 6], "hint": words[(n + 1) % 6], "short": words[(n + 2) % 6][:100]}
        for n, question in enumerate(QUESTIONS)
    ]
    questions[2]["criterion"] = TEXTS["characters"]
    with database.write() as db:
        questionnaire = template(db, home, name=TEXTS["letters"], questions=questions)
        version = update(QuestionnaireVersion).where(QuestionnaireVersion.workflow_template_id == questionnaire)
        db.execute(version.values(introduction=TEXTS["long"], reason=WHY, author=TEXTS["arabic"][:200]))
        change_reasons(db, home, SHORT, revision=None, by=cast.actor("leda"), now=now())
    for n in range(CASES):
        prescreen(database, home, ("approved", "denied")[n % 2], given={"more": PLANTED[:200]}, at=now() - A_DAY)
    measure_calibration(database, cast)
    assert calibration_rounds(database) == 1
    made = {name: prescreen(database, home, given={"budget": "1900", "more": text}) for name, text in GIVEN.items()}
    denied = made["elements"]
    grounds = Grounds(tuple(Reason(text, "", WHY[:200]) for text in SHORT[:3]), WHY[:500])
    asked = made["arabic"]
    with database.write() as db:
        decide_in(db, cast, denied, "deny", grounds=grounds, notes=WHY, seconds=0)
        row = stored(database, asked)
        inquiry = actions.ask(
            db,
            asked,
            ["more"],
            [TEXTS["letters"], PLANTED[:200]],
            WHY,
            reach=reach,
            version=row.version,
            by=lena,
            now=now(),
        )
        open_inquiry = actions.ask(
            db,
            made["emoji"],
            ["budget", "more"],
            [TEXTS["letters"]],
            WHY,
            reach=reach,
            version=None,
            by=lena,
            now=now(),
        )
        for text in TEXTS.values():
            actions.write_note(db, asked, text[:2000], reach=reach, person_id=cast.lena.id, by=lena, now=now())
    answer(database, inquiry, "more", TEXTS["overrides"])
    for n in (1, 2):
        answer(database, inquiry, f"asked{n}", TEXTS["letters"])
    with database.write() as db:
        db.execute(update(DecisionSnapshot).values(decided_by=TEXTS["letters"]))
        long = {**stored(database, made["long"]).submission, "more": TEXTS["long"]}
        db.execute(update(Prescreen).where(Prescreen.id == made["long"]).values(submission=long))
        db.execute(update(Prescreen).values(name=TEXTS["letters"], reviewed_by=TEXTS["arabic"][:200]))
        db.execute(update(Contact).values(name=PLANTED[:200], email=f"{'w' * 200}@example.com"))
    switch(database, cast, home)
    return {"waiting": made["long"], "denied": denied, "asked": asked, "inquiry": open_inquiry, "id": questionnaire}


def staff_pages(database: Database, site: dict[str, Any]) -> Iterator[str]:
    """The addresses of the desk that show what was typed."""
    for name in ("waiting", "denied", "asked"):
        yield f"/prescreens/{site[name]}"
    yield f"/prescreens/contacts/{stored(database, site['waiting']).contact_id}"
    yield from ("/prescreens", "/prescreens/contacts", "/prescreens/reasons", "/prescreens/questionnaires")
    for page in ("", "/edit", "/preview", "/texts", "/texts/es", "/drop-off"):
        yield f"/prescreens/questionnaires/{site['id']}{page}"
    yield from ("/prescreens/fairness", "/prescreens/calibration", "/prescreens/overview")


def findings(page: Page, called: str, *, turned: bool = False) -> Iterator[str]:
    """What is wrong with the page as it stands, at each width."""
    if turned:
        page.evaluate("document.documentElement.dir = 'rtl'")
    for width in reversed(WIDTHS) if turned else WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if found := page.evaluate(LOOK):
            yield f"{called} at {width} px{', turned' if turned else ''}: {found}"
    if page.evaluate(LOOSE):
        yield f"{called}: text became an element"


def opened(page: Page, base: str, path: str) -> str:
    response = page.goto(base + path, wait_until="load")
    assert response is not None
    assert response.status < 400, (path, response.status)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    return path


def signed_in(page: Page, base: str, cookie: tuple[str, str]) -> None:
    page.context.clear_cookies()
    page.context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": base}])


def test_pages_of_the_desk(app: Any, database: Database, cast: Cast, chromium: Browser, site: dict[str, Any]) -> None:
    """Light, and turned around in the dark: a theme changes colours alone (tests/design/test_colours.py)."""
    found: list[str] = []
    with visual_checks.serving(app) as base, browsers.fresh_page(chromium) as page:
        for path in staff_pages(database, site):
            # Administrators see fairness; leads everything else.
            signed_in(page, base, cast.cookie(app, "adam" if "fairness" in path else "leda"))
            page.emulate_media(color_scheme="light")
            found += findings(page, opened(page, base, path))
            page.emulate_media(color_scheme="dark")
            found += findings(page, path, turned=True)
    assert not found, "\n".join(found)


def test_what_was_typed_and_refused(
    app: Any, database: Database, cast: Cast, chromium: Browser, site: dict[str, Any]
) -> None:
    found: list[str] = []
    with visual_checks.serving(app) as base, browsers.fresh_page(chromium) as page:
        signed_in(page, base, cast.cookie(app, "leda"))
        path = opened(page, base, f"/prescreens/{site['waiting']}")
        with page.expect_navigation(wait_until="load"):
            page.evaluate(
                """([text, why]) => {
                for (const field of document.querySelectorAll("#decide textarea")) field.value = text;
                for (const box of document.querySelectorAll("#decide input[type=checkbox]")) box.checked = true;
                for (const field of document.querySelectorAll("#decide input[type=text]")) field.value = why;
                const form = document.querySelector("#decide");
                const button = form.querySelector("button[formaction$='/deny'], button[formaction*='/deny?']");
                form.action = button.getAttribute("formaction");
                form.submit();
            }""",
                [TEXTS["long"], WHY],
            )
        found += findings(page, f"{path}, refused")
        assert "Nothing was decided" in page.content() or "characters" in page.content()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", ["preview", "texts/es"])
def test_what_is_typed_into_the_workshop(
    app: Any, database: Database, cast: Cast, chromium: Browser, site: dict[str, Any], path: str
) -> None:
    """Walking the draft with hostile answers, and a translation of nothing but hostile text."""
    found: list[str] = []
    with visual_checks.serving(app) as base, browsers.fresh_page(chromium) as page:
        signed_in(page, base, cast.cookie(app, "leda"))
        opened(page, base, f"/prescreens/questionnaires/{site['id']}/{path}")
        for text in (PLANTED, TEXTS["letters"], TEXTS["arabic"]):
            with page.expect_navigation(wait_until="load"):
                page.evaluate(
                    """(text) => {
                    const fields = "textarea, input[type=text], input[name=answer]";
                    const form = document.querySelector("main form:has(textarea, input[type=text], [name=answer])");
                    for (const each of form.querySelectorAll(fields)) each.value = text;
                    form.submit();
                }""",
                    text,
                )
            found += findings(page, f"{path}, typed {text[:8]}")
    assert not found, "\n".join(found)


def test_pages_of_the_prospect(
    app: Any, database: Database, cast: Cast, chromium: Browser, site: dict[str, Any]
) -> None:
    found: list[str] = []
    row = stored(database, site["waiting"])
    home = "/p/marston/two-bedroom"
    addresses = [
        f"{home}/chat/{links.token(database.config, links.CHAT, row.id)}",
        f"{home}/status/{links.token(database.config, links.STATUS, row.id)}",
        f"{home}/asked/{links.token(database.config, links.INQUIRY, site['inquiry'])}",
        home,
    ]
    assert re.match(r"/p/\w+", home)
    with visual_checks.serving(app) as base, browsers.fresh_page(chromium) as page:
        for path in addresses:
            found += findings(page, opened(page, base, path))
            found += findings(page, path, turned=True)
    assert not found, "\n".join(found)
