"""Browser pages for tests, in the Chromium of the machine, without a window."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--font-render-hinting=none",
]


def executable() -> str | None:
    """The path of Chromium, or None when there is none. CHROMIUM in the environment names another one.

    The shell without windows comes first: the same pages cost it a quarter less.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def complete() -> str | None:
    """The path of a Chromium that reads the settings of its user, which the shell does not."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def fresh_page(browser: Browser, width: int = 1280, height: int = 900, scheme: str = "light") -> Iterator[Page]:
    """A page without cookies. Raises AssertionError on script errors and violations of the content policy."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce", locale="en-US"
    )
    context.set_default_timeout(10_000)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda shown: complaints.append(shown.text) if _serious(shown.type, shown.text) else None)
    try:
        yield opened
        assert not complaints, "The browser complained: " + " · ".join(complaints)
    finally:
        context.close()


def becomes(page: Page, expression: str, expected: object = True) -> None:
    """Waits until a script's expression has the expected value: focus, popovers and swaps follow a press as events.

    Raises AssertionError with the last value.
    """
    try:
        page.wait_for_function(f"(expected) => ({expression}) === expected", arg=expected)
    except TimeoutError:
        raise AssertionError(f"{expression} is {page.evaluate(expression)!r}, expected {expected!r}.") from None


def _serious(kind: str, text: str) -> bool:
    """Whether a console message is a fault. The browser logs every 4xx as an error, which tests provoke on purpose."""
    return kind == "error" and "the server responded with a status of 4" not in text
