"""Looks at a page in a real browser as its reader would: in both themes, wide and narrow, and says what is wrong.

axe finds what is built wrong, once a width. contrast.js judges the contrast of each word and icon in all four, against
what is really painted below it. That takes axe longest, and often it cannot make up its mind: it is asked where
contrast.js finds no place that is seen, and about everything where `thoroughly` says so.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Page
from werkzeug.serving import WSGIRequestHandler, make_server

SECTIONS = ("home", "depositions", "prescreens", "inspections", "messages", "accounts", "public")
OF_EVERYBODY = ("audit", "holds", "views")
NOT_A_PAGE = {
    "reference.document",
    "brand.sheet",
    "depositions_public.calendar_file",
    "prescreens_public.reading",
}
NARROW, WIDE, HEIGHT = 320, 1280, 900
TALLEST = 16_000
"""Pixels; Chromium paints no larger picture."""

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
JUDGE = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
    "reporter": "no-passes",
    "selectors": False,
    # Stylesheets are read for the experimental css-orientation-lock alone, which these tags leave out; it takes a third
    # of axe's time.
    "preload": {"assets": ["media"]},
}
STRUCTURE = {**RULES, "rules": {"color-contrast": {"enabled": False}}}
RUN = "rules => axe.run(document, rules).then(({ violations }) => violations)"
REST = """async () => {
    const include = contrastCheck.unjudged().filter((each) => each.isConnected);
    if (!include.length) return { violations: [], incomplete: [] };
    const { violations, incomplete } = await axe.run({ include }, { runOnly: ["color-contrast"] });
    return { violations, incomplete };
}"""
REPEATED = """(parts) => {
    const KEPT = /^(class|role|type|lang|dir|aria-(?!label|describedby|controls|owns|details).*)$/;
    const named = (each) => each.tagName + [...each.attributes].map(({ name, value }) =>
        (KEPT.test(name) ? `${name}=${value}` : name)).sort();
    const kindsOf = (row) => {
        const paths = new Map();
        return new Set([row, ...row.querySelectorAll("*")].map((each) => {
            paths.set(each, `${paths.get(each.parentElement) ?? ""}>${named(each)}`);
            return each === row || each.matches(parts) ? `${paths.get(each)}(${[...each.children].map(named)})` : "";
        }));
    };
    const repeated = [];
    for (const list of document.querySelectorAll("tbody, ul, ol")) {
        const seen = new Map();
        for (const row of list.children) {
            const kinds = [...kindsOf(row)];
            if (kinds.every((kind) => seen.get(kind) >= 2)) repeated.push(row);
            else for (const kind of kinds) seen.set(kind, (seen.get(kind) ?? 0) + 1);
        }
    }
    return repeated;
}"""
"""Rows of lists of which two rows before show all parts: the same elements in the same places, with the same classes,
states and attributes. Words and addresses may be others."""
ALIKE = f"() => {{ for (const row of ({REPEATED})('*')) row.remove(); }}"
"""Takes them away: fifty rows that are built and coloured alike take twenty times as long."""
STICKS_OUT = """() => [...document.querySelectorAll('main *, header *, body > *')]
    .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 4).map(e => `${e.tagName.toLowerCase()}.${e.className}`)"""
CUT_OFF = """() => [...document.querySelectorAll("main :is(button, .btn, input, select, textarea)")].filter((each) => {
    const box = each.getBoundingClientRect();
    if (each.tabIndex < 0 || !each.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    for (let around = each.parentElement; around.tagName !== "MAIN"; around = around.parentElement) {
        if (!/hidden|clip/.test(getComputedStyle(around).overflowY)) continue;
        const edge = around.getBoundingClientRect();
        if (box.top < edge.top - 4 || box.bottom > edge.bottom + 4) return true;
    }
    return false;
}).slice(0, 4).map((each) => each.outerHTML.slice(0, 140))"""
"""What is pressed or typed in and of which a part is not seen, because something around it ends before."""
TITLE_CUT_OFF = """[...document.querySelectorAll(".toolbar-title")]
    .some((each) => each.checkVisibility() && each.clientWidth < each.scrollWidth / 2)"""
SIZE = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"


class Quiet(WSGIRequestHandler):
    """Says nothing of what it serves."""

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@contextmanager
def serving(app: Flask, *, cookies: bool = True) -> Iterator[str]:
    """The address at which a browser finds the app meanwhile. Without `cookies` none arrives there."""
    answer = app if cookies else _without_cookies(app)
    server = make_server("127.0.0.1", 0, answer, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _without_cookies(app: Flask) -> Callable[..., Any]:
    """On the way here, since a browser whose requests are changed keeps nothing in its cache, and loads every script of
    every page anew."""

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        environ.pop("HTTP_COOKIE", None)
        return app(environ, start_response)

    return answer


SETTLED = """Promise.all(document.getAnimations()
    .filter((each) => each.effect.getComputedTiming().endTime !== Infinity)
    .map((each) => each.finished.catch(() => null))).then(() => new Promise((done) =>
        requestAnimationFrame(() => requestAnimationFrame(() => done(true)))))"""
"""Waits until transitions have ended and the page was painted: colours are judged from pixels."""
COLLECT = f"scrollTo(0, 0); {SETTLED}.then(() => contrastCheck.collect())"
"""From the top of the page, where pictures are taken."""
AGAIN = f"{SETTLED}.then(() => contrastCheck.again())"
PREPARE = f"""async () => {{
    await document.fonts.ready;
    ({ALIKE})();
    return "contrastCheck" in globalThis && "axe" in globalThis;
}}"""
"""Takes rows that are alike away, and says whether both judges have come with the page."""
JUDGED = """async ([png, rules]) => {
    const faint = await contrastCheck.judge(png);
    if (!rules) return [faint, []];
    contrastCheck.show();
    return [faint, (await axe.run(document, rules)).violations];
}"""


def section_of(endpoint: str) -> str:
    """The desk that a page belongs to, or `public`."""
    section = endpoint.split(".")[0]
    return section if section in SECTIONS else "home" if section in OF_EVERYBODY else "public"


def bring_judges(page: Page) -> None:
    """Lets both judges come with each page from now on, which costs less than handing them over to each."""
    page.context.add_init_script(JUDGE)
    page.context.add_init_script(AXE)


def findings(page: Page, *, thoroughly: bool = False) -> Iterator[str]:
    """What is wrong with the page as it stands now, opened dialogs and all. Leaves it light and 1280 pixels wide."""
    if not page.evaluate(PREPARE):
        page.evaluate(JUDGE)
        page.evaluate(AXE)
    for width, schemes in ((NARROW, ("light", "dark")), (WIDE, ("dark", "light"))):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        wide, high = page.evaluate(SIZE)
        if wide > width:
            yield f"{width} px: scrolls sideways because of {page.evaluate(STICKS_OUT)}"
        if width == NARROW and (cut := page.evaluate(CUT_OFF)):
            yield f"{width} px: cut off are {cut}"
        if page.evaluate(TITLE_CUT_OFF):
            yield f"{width} px: less than half of the toolbar's title is seen"
        if high > HEIGHT:
            page.set_viewport_size({"width": width, "height": min(high, TALLEST)})
        rules = RULES if thoroughly and width == WIDE else STRUCTURE
        for scheme in schemes:
            if width == NARROW or scheme != schemes[0]:  # else it is on
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            last = scheme == schemes[-1]
            page.evaluate(AGAIN if last else COLLECT)
            faint, violations = page.evaluate(JUDGED, [picture(page), rules if last else None])
            yield from (f"{width} px, {scheme}: {finding}" for finding in faint)
            yield from (f"{width} px: {finding}" for finding in violated(violations))
        if width == WIDE:  # cut off words, of which axe says nothing, are there when narrow
            yield from (f"{width} px: {finding}" for finding in rest(page))


def too_faint(page: Page) -> list[str]:
    """Words and icons whose contrast is less than WCAG asks for: 4.5:1, and 3:1 of large words and of icons."""
    page.evaluate(COLLECT)
    found: list[str] = page.evaluate(JUDGED, [picture(page), None])[0]
    page.evaluate("contrastCheck.show()")
    return found


def picture(page: Page) -> str:
    """What the window shows, as PNG in base64."""
    size = page.viewport_size
    assert size is not None
    browser = page.context.new_cdp_session(page)
    clip = {"x": 0, "y": 0, **size, "scale": 1}
    taken = browser.send("Page.captureScreenshot", {"format": "png", "clip": clip, "optimizeForSpeed": True})
    browser.detach()
    return str(taken["data"])


def axe(page: Page, rules: dict[str, Any]) -> Iterator[str]:
    """What axe says of the page."""
    yield from violated(page.evaluate(RUN, rules))


def violated(violations: list[dict[str, Any]]) -> Iterator[str]:
    for result in violations:
        yield from (f"violates {result['id']}: {node['html'][:140]} {_why(node)}" for node in result["nodes"])


def rest(page: Page) -> Iterator[str]:
    """What axe says of the contrast of what contrast.js has just left to it, and what neither can judge."""
    response: dict[str, Any] = page.evaluate(REST)
    for verdict, results in (("violates", response["violations"]), ("nobody could judge", response["incomplete"])):
        for result in results:
            yield from (f"{verdict} {result['id']}: {node['html'][:140]} {_why(node)}" for node in result["nodes"])


def _why(node: dict[str, Any]) -> list[str]:
    """In axe's own keys."""
    why = [check.get("data") for check in node["any"]]
    return sorted(str(data.get("messageKey")) for data in why if isinstance(data, dict))
