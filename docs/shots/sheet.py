"""Takes a sheet of pictures a desk: every page of it by day, by night and on a phone; started by `./dev shots`.

The pages are those that tests/project finds by following every link, so that a new page is on its sheet by itself.

Usage: sheet.py [FOLDER]   (FOLDER also gets each picture in full size, to look at closely)
"""

import base64
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from app.config import Config
from app.kernel.db import schema
from app.kernel.db.engine import Database
from tests import browsers, demo_data
from tests.project import crawler, visual_checks
from tests.project.crawler import DemoSite, Visit

HERE = Path(__file__).resolve().parent
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-dev-shm-usage", "--font-render-hinting=none"]
LOOKS: dict[str, dict[str, Any]] = {
    "day": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "night": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 800}},
}
TALLEST = 1600
"""Pixels of a page that are shown."""
SHEET = """<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; padding: 24px; width: 1232px; background: #d9dcdc; font: 14px sans-serif; color: #222 }
    section { display: grid; grid-template-columns: 1fr 1fr 214px; gap: 8px 12px; margin: 0 0 24px; align-items: start }
    h2 { grid-column: 1 / -1; margin: 0; font-size: 15px } h2 small { font-weight: normal }
    img { width: 100%; display: block; max-height: 640px; object-fit: cover; object-position: top }
</style>"""
TO_WEBP = """async (png) => {
    const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes]));
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    canvas.getContext("2d").drawImage(picture, 0, 0);
    const webp = await canvas.convertToBlob({ type: "image/webp", quality: 0.72 });
    return new Promise((done) => {
        const reader = new FileReader();
        reader.onload = () => done(reader.result.split(",")[1]);
        reader.readAsDataURL(webp);
    });
}"""


def main(folder: str = "") -> None:
    with tempfile.TemporaryDirectory(prefix="session-desk-") as place, sync_playwright() as playwright:
        config = Config.for_tests(database_url=f"sqlite:///{place}/demo.sqlite3", public_base_url="http://localhost")
        database = Database(config)
        schema.upgrade(database)
        demo_data.load(database)
        crawler.add_vera(database)
        site = crawler.open_demo_site(database, visits_each=2)
        browser = playwright.chromium.launch(executable_path=browsers.executable(), args=FLAGS)
        full = Path(folder or place)
        full.mkdir(parents=True, exist_ok=True)
        visits = [visit for visit in site.one_each() if visit.endpoint not in visual_checks.NOT_A_PAGE]
        take(site, browser, visits, full)
        for section in visual_checks.SECTIONS:
            path = HERE / f"sheet-{section}.webp"
            path.write_bytes(
                sheet(browser, [v for v in visits if visual_checks.section_of(v.endpoint) == section], full)
            )
            print(path.relative_to(HERE.parents[1]))
        browser.close()
        database.dispose()


def take(site: DemoSite, browser: Browser, visits: list[Visit], full: Path) -> None:
    """Writes a PNG a page and look."""
    with visual_checks.serving(site.app) as base:
        for look, given in LOOKS.items():
            context = browser.new_context(reduced_motion="reduce", **given)
            page = context.new_page()
            for visit in visits:
                context.clear_cookies()
                context.add_cookies(visit.cookies(base))  # type: ignore[arg-type]
                page.goto(base + visit.url, wait_until="load")
                page.evaluate("document.fonts.ready.then(() => true)")
                picture(page, full / name(visit, look))
            context.close()


def picture(page: Page, path: Path) -> None:
    size = page.viewport_size
    assert size is not None
    high = page.evaluate("document.documentElement.scrollHeight")
    page.screenshot(
        path=path, full_page=True, clip={"x": 0, "y": 0, "width": size["width"], "height": min(high, TALLEST)}
    )


def name(visit: Visit, look: str) -> str:
    return f"{visit.endpoint}-{look}.png"


def sheet(browser: Browser, visits: list[Visit], full: Path) -> bytes:
    """The pictures of these pages on one, as WebP."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    parts = [SHEET]
    for visit in visits:
        pictures = "".join(f'<img src="data:image/png;base64,{_read(full / name(visit, look))}">' for look in LOOKS)
        parts.append(
            f"<section><h2>{escape(visit.endpoint)} <small>{escape(visit.url)}</small></h2>{pictures}</section>"
        )
    page.set_content("".join(parts), wait_until="load")
    png = base64.b64encode(page.screenshot(full_page=True)).decode()
    webp = base64.b64decode(page.evaluate(TO_WEBP, png))
    page.close()
    return webp


def _read(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


if __name__ == "__main__":
    main(*sys.argv[1:])
