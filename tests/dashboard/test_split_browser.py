"""The split view in a browser: what a key costs and changes, where the focus is, and that typed text stays."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Page, Request, Route

from app.kernel.db.engine import Database
from tests.browsers import becomes
from tests.cast import Cast
from tests.dashboard.test_swaps import HURRY
from tests.prescreens.factories import prescreen
from tests.project.visual_checks import STICKS_OUT, serving

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

NAMES = ["Emeka Obiora", "Hannah Goldstein", "ليلى" + "a" * 190]
OPENS = """(name) => document.querySelector('#item h1')?.textContent.includes(name)
    && document.querySelector('.list-pane [aria-current]')?.textContent.includes(name)"""


@pytest.fixture
def ids(database: Database, cast: Cast) -> list[UUID]:
    """Prescreens, in the order of the list."""
    return [prescreen(database, cast.marston.id, given={"fullName": name}) for name in NAMES]


@pytest.fixture
def lena(app: Flask, cast: Cast, page: Page, ids: list[UUID]) -> Iterator[Callable[[str], Page]]:
    """Opens a page as Lena, an agent."""
    with serving(app) as address:
        name, value = cast.cookie(app, "lena")
        page.context.add_cookies([{"name": name, "value": value, "url": address}])

        def opened(path: str) -> Page:
            page.goto(address + path, wait_until="load")
            return page

        yield opened


def pages(asked: list[Request]) -> list[str]:
    """The targets of the requests for pages, polls left out."""
    wanted = [one for one in asked if "/static/" not in one.url and "x-desk-poll" not in one.headers]
    return [one.headers.get("hx-target", "whole page") for one in wanted]


def press(page: Page, key: str, name: str) -> None:
    page.keyboard.press(key)
    page.wait_for_function(OPENS, arg=name[:4])


def test_a_key_costs_one_fragment_and_changes_only_the_item(lena: Any, ids: list[UUID]) -> None:
    page = lena("/prescreens?with=nobody")
    list_url = page.url
    page.evaluate("document.querySelector('#queue').kept = document.querySelector('.toolbar').kept = true")
    asked: list[Request] = []
    page.on("request", lambda one: asked.append(one))
    press(page, "j", NAMES[0])
    press(page, "j", NAMES[1])
    press(page, "k", NAMES[0])
    assert pages(asked) == ["div#item"] * 3
    assert page.evaluate("document.querySelector('#queue').kept && document.querySelector('.toolbar').kept")
    assert re.search(rf"/prescreens/{ids[0]}\?with=nobody$", page.url)
    assert page.title().startswith(NAMES[0])
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.matches('#item h1')")
    assert pages(asked) == ["div#item"] * 3, "The item is open already."
    page.focus(".list-pane [aria-current]")
    becomes(page, "document.activeElement.closest('tr').dataset.row", str(ids[0]))

    page.go_back()
    page.wait_for_function(OPENS, arg=NAMES[1])
    page.go_back()
    page.wait_for_function(OPENS, arg=NAMES[0])
    page.go_back()
    page.wait_for_url(list_url)
    page.wait_for_selector("#item:not([data-open])")


def test_a_press_leads_to_the_heading_and_keys_go_on_from_there(lena: Any) -> None:
    page = lena("/prescreens")
    page.click(f"text={NAMES[1]}")
    page.wait_for_function(OPENS, arg=NAMES[1])
    becomes(page, "document.activeElement.matches('#item h1')")
    page.keyboard.press("x")
    assert page.locator(".select-cell :checked").count() == 1
    page.keyboard.press("a")
    becomes(page, "document.activeElement.id", "approve")
    press(page, "p", NAMES[0])
    assert page.locator(".select-cell :checked").count() == 1, "The list stays as it is."


def test_an_item_that_is_on_its_way_is_not_fetched_again(lena: Any, ids: list[UUID]) -> None:
    """It would come twice, and the second would take the focus from where keys had led meanwhile."""
    page = lena("/prescreens")
    waiting: list[Route] = []
    page.route(f"**/prescreens/{ids[0]}", lambda route: waiting.append(route))
    with page.expect_request(f"**/prescreens/{ids[0]}"):
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    while not waiting:  # the request is heard of before it is handed over
        page.wait_for_timeout(10)
    waiting[0].continue_()
    page.wait_for_function("() => document.activeElement.matches('#item h1')")
    page.keyboard.press("a")
    becomes(page, "document.activeElement.id", "approve")
    assert len(waiting) == 1


def test_another_list_closes_the_item_and_keeps_what_was_typed(lena: Any, ids: list[UUID]) -> None:
    page = lena("/prescreens")
    press(page, "j", NAMES[0])
    page.fill("#item [name=notes]", "Landlord's letter is good.")
    page.keyboard.press("Escape")
    page.click("[popovertarget='filters']")
    page.select_option("#filters [name='with']", "nobody")
    page.wait_for_selector("#item:not([data-open])")
    page.wait_for_url(re.compile(r"/prescreens\?with=nobody$"))
    assert page.locator("h1").count() == 1
    press(page, "j", NAMES[0])
    assert page.input_value("#item [name=notes]") == "Landlord's letter is good."
    page.click(".under .chip")
    page.wait_for_url(re.compile(r"/prescreens$"))
    page.wait_for_selector("#item:not([data-open])")


def test_what_was_typed_outlives_other_items_and_updates(lena: Any, database: Database, cast: Cast) -> None:
    page = lena("/prescreens")
    press(page, "j", NAMES[0])
    page.fill("#item [name=notes]", "Landlord's letter is good.")
    page.keyboard.press("Escape")
    press(page, "j", NAMES[1])
    assert page.input_value("#item [name=notes]") == ""
    press(page, "k", NAMES[0])
    assert page.input_value("#item [name=notes]") == "Landlord's letter is good."
    page.focus("#item [name=notes]")
    page.evaluate(HURRY)
    new = prescreen(database, cast.marston.id, given={"fullName": "Somebody New"})
    page.wait_for_selector("[data-part='new-rows'] button")
    becomes(page, "document.activeElement.name", "notes")
    page.click("[data-part='new-rows'] button")
    page.wait_for_selector(f".list-pane [data-row='{new}']")
    assert page.locator("#main").count() == 1
    assert page.input_value("#item [name=notes]") == "Landlord's letter is good."


@pytest.mark.parametrize("width", [1200, 1280, 1920])
def test_nothing_is_wider_than_the_window(lena: Any, ids: list[UUID], width: int) -> None:
    page = lena(f"/prescreens/{ids[2]}")
    page.set_viewport_size({"width": width, "height": 900})
    assert page.locator(".list-pane").is_visible()
    assert page.evaluate(STICKS_OUT) == []
    assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [
        width,
        900,
    ]


def test_a_narrower_window_shows_one_of_them(lena: Any, ids: list[UUID]) -> None:
    page = lena(f"/prescreens/{ids[0]}")
    page.set_viewport_size({"width": 1199, "height": 900})
    assert not page.locator(".list-pane").is_visible()
    assert not page.locator(".toolbar").is_visible()
    page = lena("/prescreens")
    assert page.locator(".list-pane").is_visible()
    assert not page.locator("#item .empty-state").is_visible()
    page.click(f"text={NAMES[1]}")
    page.wait_for_url(f"**/prescreens/{ids[1]}")
    assert page.locator("#item h1").text_content() == NAMES[1]


def test_beside_an_empty_list_nothing_says_to_choose_a_row(lena: Any) -> None:
    page = lena("/prescreens")
    hint = page.locator("#item .empty-state")
    assert hint.is_visible()
    page.click("[popovertarget='filters']")
    page.select_option("#filters [name='with']", "me")
    page.wait_for_selector(".list-pane .empty-state")
    assert not hint.is_visible()
    page.click(".under .chip")
    page.wait_for_selector(".list-pane .data-table")
    assert hint.is_visible()
