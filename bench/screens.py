"""`./dev bench screens`: where the work begins on each page, how much of it is seen, and what the page weighs.

Usage: ./dev bench screens [--record]   (--record writes the table into docs/look.md)

The demo site runs as `./dev run` starts it. What is measured is geometry and bytes, the same on every machine; the time
of the largest paint stands beside that of a static copy of the page, taken in the same run.
"""

import argparse
import http.server
import re
import socket
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Cookie, Page, Request, Response, ViewportSize, sync_playwright

from tests import browsers
from tools import demo
from tools.signals import StopSignals

ROOT = Path(__file__).resolve().parents[1]
LOOK = ROOT / "docs" / "look.md"
TABLE = re.compile(r"(?<=<!-- screens -->\n).*?(?=<!-- end of screens -->)", re.DOTALL)
DESKS = {"depositions": "scheduler", "prescreens": "leasing_agent", "inspections": "operator"}
"""Whose eyes each desk is seen with."""
WINDOWS = {"desk": (1280, 900), "phone": (390, 844)}
VISITS = 7
"""Visits whose median paint is printed."""

SEEN = """() => {
    const bars = document.querySelector(".bars")?.getBoundingClientRect();
    const low = Math.min(innerHeight, bars?.height ? bars.top : innerHeight);
    const rows = [...document.querySelectorAll("[data-row]")].map((row) => row.getBoundingClientRect());
    const whole = rows.filter((box) => box.height && box.bottom <= low && box.right > 0);
    return rows.length ? [Math.round(rows[0].top), whole.length] : null;
}"""
ACT = """(desk) => {
    const acts = {
        depositions: "form[action$='/schedule'] [type=submit], [data-sheet] [type=submit]",
        prescreens: "form[action$='/approve'] [type=submit], [formaction$='/approve'], [name=decision]",
        inspections: "form[action$='/attend'] [type=submit], form[action$='/invite'] [type=submit]",
    };
    const shown = [...document.querySelectorAll(`${acts[desk]}, .action-bar`)]
        .map((button) => [button, button.getBoundingClientRect()]).filter(([, box]) => box.height);
    return shown.length ? Math.round(Math.min(...shown.map(([, box]) => box.top))) : null;
}"""
PAINT = """() => new Promise((done) => {
    new PerformanceObserver((list) => done(list.getEntries().at(-1).startTime))
        .observe({ type: "largest-contentful-paint", buffered: true });
})"""


@dataclass
class Screen:
    """One page: rows and the first act by window; bytes of a first and a later visit; paint in milliseconds."""

    name: str
    path: str
    seen: dict[str, list[int] | None] = field(default_factory=dict)
    act: dict[str, int | None] = field(default_factory=dict)
    first: int = 0
    later: int = 0
    paint: float = 0
    copied: float = 0

    def line(self) -> str:
        def rows(window: str) -> str:
            found = self.seen.get(window)
            return f"{found[0]} · {found[1]}" if found else "–"

        def act(window: str) -> str:
            return str(self.act.get(window) or "–")

        paint = f"{self.paint:.0f} / {self.copied:.0f}" if self.copied else "–"
        cells = (self.name, rows("desk"), rows("phone"), act("desk"), act("phone"))
        return f"| {' | '.join(cells)} | {self.first:,} | {self.later:,} | {paint} |"


COLUMNS = (
    "page",
    "first row y · rows, 1280 × 900",
    "the same, 390 × 844",
    "first act y",
    "on the phone",
    "first visit, bytes",
    "later",
    "paint / its static copy, ms",
)
HEAD = f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}\n"


class Weighed:
    """Bytes over the wire of one visit, heads included, as Chromium counts them."""

    def __init__(self, page: Page) -> None:
        self.total = 0
        self._cdp = page.context.new_cdp_session(page)
        self._cdp.send("Network.enable")
        self._cdp.on("Network.loadingFinished", lambda event: self._add(event))

    def _add(self, event: dict[str, float]) -> None:
        self.total += int(event["encodedDataLength"])


def main(given: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench screens", description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--record", action="store_true", help="write the table into docs/look.md")
    chosen = parser.parse_args(given)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="session-desk-") as folder, StopSignals() as signals:
        loaded = demo.load(Path(folder), port)
        with demo.open_site(loaded, signals), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browsers.executable(), args=browsers.FLAGS)
            table = HEAD + "\n".join(screen.line() for screen in measure(browser, loaded)) + "\n"
            browser.close()
    print(table)
    if chosen.record:
        LOOK.write_text(TABLE.sub(lambda _: table, LOOK.read_text()))
    return 0


def measure(browser: Browser, loaded: demo.Demo) -> Iterator[Screen]:
    welcome = ""
    for desk, role in DESKS.items():
        person = next(one for one in loaded.cast["people"] if one["role"] == role)
        context = browser.new_context(viewport=window("desk"), reduced_motion="reduce")
        page = context.new_page()
        sign_in(page, loaded.base, person["email"], person["password"])
        page.goto(f"{loaded.base}/{desk}")
        row = page.locator(".data-table tbody [data-row] .title-cell a").first.get_attribute("href") or ""
        cookies = context.cookies()
        for name, path in ((desk, f"/{desk}"), (f"{desk}, one", row), (f"{desk}, overview", f"/{desk}/overview")):
            screen = Screen(name, urlsplit(path)._replace(scheme="", netloc="").geturl())
            look(page, loaded.base, screen, desk)
            weigh(browser, cookies, loaded.base, screen)
            yield screen
        if desk == "prescreens":
            welcome = urlsplit(public_link(page, loaded.base)).path
        context.close()
    for name, path in (("sign-in", "/sign-in"), ("chat, welcome", welcome)):
        screen = Screen(name, path)
        weigh(browser, [], loaded.base, screen)
        yield screen


def public_link(page: Page, base: str) -> str:
    """The address of a questionnaire's chat, as its page shows it."""
    page.goto(f"{base}/prescreens/questionnaires")
    page.locator("main a[href*='/questionnaires/']").first.click()
    return re.findall(r"http://[^\s\"<]+/p/[\w-]+/[\w-]+", page.content())[0]


def look(page: Page, base: str, screen: Screen, desk: str) -> None:
    for name in WINDOWS:
        page.set_viewport_size(window(name))
        page.goto(base + screen.path, wait_until="load")
        page.evaluate("document.fonts.ready.then(() => true)")
        screen.seen[name] = page.evaluate(SEEN)
        if screen.name.endswith(", one"):
            screen.act[name] = page.evaluate(ACT, desk)


def weigh(browser: Browser, cookies: Sequence[Cookie], base: str, screen: Screen) -> None:
    """Bytes of the first visit and of the one after it, and the paint of later visits beside that of a copy."""
    with copied(browser, cookies, base, screen.path) as copy:
        for at in (base, copy):
            context = browser.new_context(viewport=window("desk"), reduced_motion="reduce")
            context.add_cookies(cookies)
            page = context.new_page()
            weighed = Weighed(page)
            totals, paints = [], []
            for _ in range(VISITS + 1):
                before = weighed.total
                page.goto(at + screen.path, wait_until="load")
                paints.append(page.evaluate(PAINT))
                totals.append(weighed.total - before)
            context.close()
            if at == base:
                screen.first, screen.later, screen.paint = totals[0], totals[-1], statistics.median(paints[1:])
            else:
                screen.copied = statistics.median(paints[1:])


@contextmanager
def copied(browser: Browser, cookies: Sequence[Cookie], base: str, path: str) -> Iterator[str]:
    """The address of a plain file server with a copy of the page and all it loads."""
    files: dict[str, tuple[dict[str, str], bytes]] = {}

    def keep(response: Response) -> None:
        if response.url.startswith(base) and response.status == 200:
            parts = urlsplit(response.url)
            kept = {
                name: value for name, value in response.headers.items() if name in ("content-type", "cache-control")
            }
            files[parts.path + (f"?{parts.query}" if parts.query else "")] = (kept, response.body())

    context = browser.new_context(viewport=window("desk"), reduced_motion="reduce")
    context.add_cookies(cookies)
    page = context.new_page()
    asked: list[Request] = []
    page.on("requestfinished", lambda request: asked.append(request))
    page.goto(base + path, wait_until="load")
    for request in asked:
        if response := request.response():
            keep(response)
    context.close()

    class Files(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers, body = files.get(self.path, ({}, b""))
            self.send_response(200 if headers else 404)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nothing is printed."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def window(name: str) -> ViewportSize:
    width, height = WINDOWS[name]
    return {"width": width, "height": height}


def sign_in(page: Page, base: str, email: str, password: str) -> None:
    page.goto(f"{base}/sign-in")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
