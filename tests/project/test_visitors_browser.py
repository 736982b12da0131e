"""Visitor pages on a phone: readable in every organization's colour, and the thumb finds its button."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from app.accounts import rules
from app.accounts.models import Organization
from app.depositions import actions
from app.kernel import clock
from app.kernel.db.engine import Database
from app.prescreens import links
from app.prescreens.public import answering
from tests import browsers
from tests.cast import Cast
from tests.depositions import factories as depositions
from tests.outgoing import Outbox
from tests.prescreens import factories as prescreens
from tests.project import visual_checks

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(200),
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]

COLOURS = {"marston": "#000000", "harbor": "#747100", "fern": "#0000ff"}
"""Black, the palest of its hue that is taken, and one that is dark in luminance but loud."""
HOSTILE = "Meier" * 40
SMALL = """() => [...document.querySelectorAll('a, button, summary, input:not([type=hidden]), label.check')]
    .filter((each) => each.checkVisibility() && !each.closest('p, label.check :not(label), [aria-hidden=true]'))
    .map((each) => (each.closest('label.check') ?? each).getBoundingClientRect())
    .filter((box) => box.height > 1 && box.height < 43.5).length"""

Opened = Callable[[str], Page]


@pytest.fixture
def phone(app: Flask, chromium: Browser) -> Iterator[Opened]:
    """Opens a path on a phone of 390 by 844 pixels."""
    with visual_checks.serving(app) as base, browsers.fresh_page(chromium, 390, 844) as page:

        def opened(path: str) -> Page:
            page.set_viewport_size({"width": 390, "height": 844})
            page.goto(base + path, wait_until="load")
            return page

        yield opened


@pytest.fixture
def chat(database: Database, cast: Cast) -> str:
    """The address of a chat in which several questions are answered, of an organization that says how it is reached."""
    shown = {"public_phone": "+1 212 555 0142", "public_email": "a@b.example.com", "hours": HOSTILE}
    with database.write() as db:
        for slug, colour in COLOURS.items():
            db.execute(
                update(Organization).where(Organization.slug == slug).values(colour=rules.colour(colour), **shown)
            )
    id = prescreens.prescreen(database, cast.marston.id, "active")
    token = links.token(database.config, links.CHAT, id)
    return f"/p/marston/two-bedroom/chat/{token}"


def test_the_first_answer_and_the_button_are_in_sight(phone: Opened, chat: str) -> None:
    page = phone(chat)
    answers = ("2027-04-01", "2500", "3")
    for answer in answers:
        assert page.locator("#answer, .choice").first.bounding_box()["y"] <= 460  # type: ignore[index]
        button = page.locator(".onward .primary").bounding_box()
        assert button is not None
        assert button["y"] + button["height"] <= 844
        assert page.evaluate(SMALL) == 0
        field = page.locator("#answer")
        if not field.count():
            break
        field.fill(answer)
        page.locator(".onward .primary").click()
        page.wait_for_load_state()


def test_pages_can_be_read_in_every_colour(phone: Opened, chat: str, database: Database, cast: Cast) -> None:
    with database.write() as db:
        db.execute(update(Organization).values(name=HOSTILE))
    prescreens.prescreen(database, cast.harbor.id, "active")
    id = prescreens.prescreen(database, cast.marston.id)
    sent = f"/p/marston/two-bedroom/chat/{links.token(database.config, links.CHAT, id)}"
    paths = (chat, f"{chat}?step=review", sent, "/p/harbor/two-bedroom", "/p/fern/nothing-here")
    problems = []
    for path in paths:
        page = phone(path)
        assert page.evaluate(SMALL) == 0, path
        problems += [f"{path}: {found}" for found in visual_checks.findings(page)]
    assert not problems, "\n".join(problems)


def test_a_prospect_gets_through_by_keyboard_without_cookies_and_scripts(
    app: Flask, chromium: Browser, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each question has the focus, also a choice; reload shows the same question; the answers lie in a log."""
    monkeypatch.setattr(answering, "LEAST_SECONDS", 0)
    for locale, log in (("ar", "إجاباتك حتى الآن"), ("en", "Your answers so far")):
        with database.write() as db:
            if locale == "ar":
                prescreens.template(db, cast.marston.id)
            db.execute(update(Organization).values(locale=locale))
        with visual_checks.serving(app, cookies=False) as base:
            context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
            page = context.new_page()
            page.goto(f"{base}/p/marston/two-bedroom")
            with page.expect_navigation():
                page.locator("#start").press("Enter")
            for _ in range(8):
                step = page.locator("input[name=step]").get_attribute("value") or ""
                focused = page.locator(":focus")
                expect(focused).to_have_attribute("name", "answer")
                if focused.get_attribute("type") in ("radio", "checkbox"):
                    focused.press("Space")
                else:
                    focused.fill(prescreens.JANE.get(step, ""))
                with page.expect_navigation():
                    page.locator(".onward .primary").press("Enter")
                page.reload()
                if step == "moveInDate":
                    expect(page.get_by_role("log", name=log)).to_be_visible()
            with page.expect_navigation():
                page.locator("#send").press("Enter")
            page.reload()
            expect(page.locator("#withdraw summary")).to_be_visible()
            assert context.cookies() == []
            context.close()


def test_the_visitors_own_hour_comes_first(app: Flask, chromium: Browser, database: Database, cast: Cast) -> None:
    moment = datetime(2026, 12, 15, 14, 30, tzinfo=UTC)
    made = depositions.in_state(database, cast, "scheduled", starts_at=moment)
    with visual_checks.serving(app) as base:
        for zone, first in (("Asia/Tokyo", "11:30 PM"), ("America/Los_Angeles", "6:30")):
            context = chromium.new_context(timezone_id=zone, locale="en-US", viewport={"width": 390, "height": 844})
            page = context.new_page()
            page.goto(f"{base}/sessions/{made.slug}")
            shown = page.locator(".session-time .start-time").filter(visible=True)
            assert first in shown.first.inner_text().replace("\u00a0", " ")
            assert shown.count() == (2 if zone == "Asia/Tokyo" else 1)
            if zone == "Asia/Tokyo":
                own = page.locator("[data-own-time]").inner_text()
                assert "Tuesday 15 December 2026" in own
                assert "your time, Japan Standard Time (into Wednesday)" in own
            context.close()


MICROPHONE = """window.asked = [];
const drawn = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
drawn.getContext('2d').fillRect(0, 0, 640, 480);
navigator.mediaDevices.enumerateDevices = async () => [
    { kind: 'audioinput', deviceId: 'a', label: 'Headset' }, { kind: 'audioinput', deviceId: 'b', label: 'Built-in' }];
navigator.mediaDevices.getUserMedia = async (wanted) => {
    window.asked.push(wanted);
    if (window.refusal) throw new DOMException('', window.refusal);
    if (wanted.video && window.noCamera) throw new DOMException('', 'NotFoundError');
    const sound = new AudioContext(), out = sound.createMediaStreamDestination();
    if (window.voice) { const tone = new OscillatorNode(sound); tone.connect(out); tone.start(); }
    return new MediaStream([...(wanted.video ? drawn.captureStream().getTracks() : []),
        ...(wanted.audio ? out.stream.getTracks() : [])]);
};"""


def test_the_state_of_a_session_updates_itself_but_not_under_the_focus(
    phone: Opened, database: Database, cast: Cast, outbox: Outbox
) -> None:
    made = depositions.in_state(database, cast, "scheduled")
    (message,) = outbox.emails("orsolya@example.com")
    path = message["text"].partition("http://localhost:8000")[2].split()[0]
    page = phone("/health/live")
    page.clock.install()
    page.goto(page.url.removesuffix("/health/live") + path)
    line = page.locator("#updates")
    assert line.inner_text() == "This page keeps itself up to date."
    page.locator(".status-card .btn").focus()
    with database.write() as db:
        actions.start(db, made.id, by=cast.actor("ines"), now=clock.now(), reason="On purpose.")
    page.clock.fast_forward(4_000)
    expect(line).to_have_text("This has changed: Open now")
    assert page.locator(".status-card h2").inner_text().startswith("Begins in")
    page.locator(".status-card .btn").blur()
    page.wait_for_selector("#status[data-kind=open]")
    assert line.inner_text() == "Open now · This page keeps itself up to date."
    assert "k=" in str(page.locator("form").get_attribute("action"))
    # Hidden it asks for nothing; when it fails it says since when.
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("""Object.defineProperty(document, 'hidden', { value: true, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))""")
    page.clock.fast_forward(600_000)
    assert not asked
    page.route("**/sessions/**", lambda route: route.fulfill(status=429))
    page.evaluate("""Object.defineProperty(document, 'hidden', { value: false });
        document.dispatchEvent(new Event('visibilitychange'))""")
    page.clock.run_for(130_000)
    expect(line).to_contain_text("No connection since")
    assert "warn" in str(line.get_attribute("class"))
    # A form may lead to this site alone (`form-action`); the room is on another.
    page.unroute("**/sessions/**")
    page.route(f"{depositions.ROOM}*", lambda route: route.fulfill(body="The room"))
    page.get_by_role("button", name="Enter the room").click()
    page.wait_for_url(depositions.ROOM)


def test_camera_and_microphone_are_tested_on_the_device(phone: Opened, database: Database, cast: Cast) -> None:
    path = f"/sessions/{depositions.in_state(database, cast, 'scheduled').slug}/test"
    page = phone(path)
    page.context.add_init_script(MICROPHONE)
    page.goto(page.url)
    camera, microphone = page.locator("[data-device=camera]"), page.locator("[data-device=microphone]")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.evaluate("window.voice = true")
    page.get_by_role("button", name="Start the test").click()
    page.wait_for_selector("[data-device=microphone].good")
    assert "works: you see yourself above" in camera.inner_text()
    assert "works: it hears you" in microphone.inner_text()
    assert page.locator("video").evaluate("video => video.srcObject.getTracks().length") == 1
    assert page.locator(".loudness .series-1").count() > 3
    microphone.get_by_role("combobox").select_option("Built-in")
    page.wait_for_function("() => window.asked.length === 2")
    assert page.evaluate("window.asked[1].audio.deviceId.exact") == "b"
    page.get_by_role("button", name="Switch off").click()
    assert not page.locator("video").is_visible()
    for name, words in (
        ("NotAllowedError", "is not allowed. Press the sign beside the address"),
        ("NotReadableError", "is used by another program"),
        ("NotFoundError", "was not found. Connect one"),
    ):
        page.evaluate("name => { window.refusal = name }", name)
        page.get_by_role("button", name="Try again").click()
        expect(camera).to_contain_text(words)
        expect(microphone).to_contain_text(words)
    page.evaluate("window.refusal = ''; window.noCamera = true")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector("[data-device=microphone].good")
    assert "was not found" in camera.inner_text()
    assert not [url for url in sent if "/static/" not in url]


def test_session_pages_can_be_read_narrow_dark_and_from_right_to_left(
    phone: Opened, database: Database, cast: Cast
) -> None:
    with database.write() as db:
        db.execute(update(Organization).values(name=HOSTILE, public_phone="+1 212 555 0142", hours=HOSTILE))
    problems = []
    for state, language in (("scheduled", "ar"), ("active", "es"), ("canceled", "fr"), ("ended", "ar")):
        details = {"language": language, "interpreter": HOSTILE}
        made = depositions.in_state(database, cast, state, deponent_name=HOSTILE, details=details)
        for path in (f"/sessions/{made.slug}", *([f"/sessions/{made.slug}/test"] if state == "scheduled" else [])):
            page = phone(path)
            assert page.evaluate(SMALL) == 0, path
            assert page.evaluate("document.documentElement.lang") == language
            problems += [f"{state} {path}: {found}" for found in visual_checks.findings(page)]
    assert not problems, "\n".join(problems)
