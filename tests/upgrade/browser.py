"""A browser from before the upgrade: it keeps its cookies, its bookmarks, and fills in forms as it finds them."""

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from tests.upgrade.snapshot import facts

PAGES = "depositions|prescreens|inspections|deliveries|messages|people|organizations"
THING = re.compile(rf"/({PAGES})/([0-9]+|[0-9a-f]{{8}}-[0-9a-f-]{{27}})(?=$|[?#])")


class Browsers:
    """`browsers["ines.moreau@example.com"]` is her browser, with the session cookie it had."""

    def __init__(self, app: Any, cookies: dict[str, str]) -> None:
        self._app, self._cookies = app, cookies

    def __getitem__(self, email: str) -> "Browser":
        return Browser(self._app, self._cookies[email])

    def stranger(self) -> "Browser":
        """A browser that was never here."""
        return Browser(self._app)


class Browser:
    """One browser. It follows redirects."""

    def __init__(self, app: Any, cookie: str = "") -> None:
        self.client = app.test_client()
        if cookie:
            self.client.set_cookie(facts()["cookie_name"], cookie)

    def get(self, url: str, **more: Any) -> "Page":
        """The page at an address, which must be there and not be the sign-in page instead."""
        answer = self.client.get(url, follow_redirects=True, **more)
        assert answer.status_code == 200, f"{url}: {answer.status_code} {answer.text[:500]}"
        asked_to_sign_in = answer.request.path.startswith("/sign-in") and not url.startswith("/sign-in")
        assert not asked_to_sign_in, f"{url} asks to sign in"
        return Page(answer)

    def submit(self, form: "Form", **typed: str) -> TestResponse:
        """Sends a form as the page wrote it, with what is typed into it."""
        answer: TestResponse = self.client.post(
            form.action, data={**form.fields, **typed}, follow_redirects=True, headers={"Origin": "http://localhost"}
        )
        assert answer.status_code == 200, f"{form.action}: {answer.status_code} {answer.text[:500]}"
        return answer


class Form:
    """A form of a page: where it goes and what it holds already."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: dict[str, str] = {}


class Page:
    """What a page says, read from its HTML."""

    def __init__(self, answer: TestResponse) -> None:
        self.path, self.html = answer.request.path, answer.text
        reader = _Reader(self.path)
        reader.feed(self.html)
        self.links, self.forms, self.options = reader.links, reader.forms, reader.options
        self.texts = [" ".join(text.split()) for text in reader.texts if text.strip()]
        self.items = [" ".join(" ".join(item).split()) for item in reader.items]

    @property
    def text(self) -> str:
        """All that is written in its main part."""
        return " ".join(self.texts)

    @property
    def things(self) -> list[str]:
        """Ids of the things that its main part links to, each once, in order."""
        found = [match[2] for _, url in self.links if (match := THING.search(urlsplit(url).path))]
        return list(dict.fromkeys(found))

    def form(self, action: str) -> Form:
        """The form that goes to an address which ends like this."""
        return next(form for form in self.forms if urlsplit(form.action).path.endswith(action))


class _Reader(HTMLParser):
    """Links, texts and list items of the main part; forms and choices of the whole page."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.links: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.items: list[list[str]] = []
        self.forms: list[Form] = []
        self.options: dict[str, list[str]] = {}
        self._main, self._select, self._quiet = False, "", ""
        self._open_items: list[list[str]] = []
        self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "main":
            self._main = True
        elif tag == "a":
            self._link = known.get("href", "")
            if self._main:
                self.links.append(("", self._link))
        elif tag == "form":
            self.forms.append(Form(known.get("action") or self.path))
        elif tag in ("input", "button", "textarea") and self.forms and known.get("name"):
            if known.get("type") not in ("checkbox", "radio", "submit") or "checked" in known:
                self.forms[-1].fields.setdefault(known["name"], known.get("value", ""))
        elif tag == "select":
            self._select = known.get("name", "")
        elif tag == "option" and self._select:
            self.options.setdefault(self._select, []).append(known.get("value", ""))
        elif tag == "li" and self._main:
            self._open_items.append([])
        elif tag in ("script", "style"):
            self._quiet = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == "main":
            self._main = False
        elif tag == "a":
            self._link = ""
        elif tag == "select":
            self._select = ""
        elif tag == "li" and self._open_items:
            self.items.append(self._open_items.pop())
        elif tag == self._quiet:
            self._quiet = ""

    def handle_data(self, data: str) -> None:
        if self._quiet or not self._main:
            return
        self.texts.append(data)
        if self._link and self.links:
            text, url = self.links[-1]
            self.links[-1] = (text + data, url)
        for item in self._open_items:
            item.append(data)
