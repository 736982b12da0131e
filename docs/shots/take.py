"""Takes the README's pictures, one a desk; started by `./dev shots`, which hands in the demonstration cast as JSON.

Usage: take.py ADDRESS < cast.json
"""

import json
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests import browsers

HERE = Path(__file__).resolve().parent
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-dev-shm-usage", "--font-render-hinting=none"]
DESKS = {"depositions": "scheduler", "prescreens": "leasing_agent", "inspections": "operator"}
"""Whose eyes each desk is seen with."""


def main(base: str) -> None:
    cast = json.load(sys.stdin)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browsers.executable(), args=FLAGS)
        for desk, role in DESKS.items():
            context = browser.new_context(
                viewport={"width": 1280, "height": 800}, color_scheme="light", reduced_motion="reduce"
            )
            page = context.new_page()
            sign_in(page, base, next(person for person in cast["people"] if person["role"] == role))
            page.goto(f"{base}/{desk}", wait_until="load")
            if desk == "prescreens":
                page.locator(".title-cell a").first.click()
                # The item comes beside the list, without another page.
                page.wait_for_url(f"{base}/{desk}/*-*")
                page.locator("#item h1").wait_for()
            page.evaluate("document.fonts.ready.then(() => true)")
            path = HERE / f"{desk}.png"
            page.screenshot(path=path)
            print(path.relative_to(HERE.parents[1]))
            context.close()
        browser.close()


def sign_in(page: Page, base: str, person: dict[str, Any]) -> None:
    page.goto(f"{base}/sign-in")
    page.fill("input[name=email]", person["email"])
    page.fill("input[name=password]", person["password"])
    page.locator("main form button[type=submit], form button[type=submit]").first.click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


if __name__ == "__main__":
    main(*sys.argv[1:])
