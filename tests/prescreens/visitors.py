"""A prospect with a browser and no account, who goes from page to page as a browser without scripts does."""

import html
import re
from typing import Any

from flask.testing import FlaskClient

from tests.prescreens.factories import JANE

START = "/p/marston/two-bedroom"


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found, "every form carries a CSRF token"
    return html.unescape(found[1])


class Visitor:
    """Somebody with a browser and no account."""

    def __init__(self, client: FlaskClient) -> None:
        self.client, self.page, self.path = client, "", ""

    def get(self, path: str, status: int = 200) -> "Visitor":
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        self.page, self.path = answer.text, path
        return self

    def press(self, verb: str, status: int = 303, then: int = 200, **fields: Any) -> "Visitor":
        action = next(a for a in re.findall(r'action="([^"]+)"', self.page) if verb in a)
        answer = self.client.post(html.unescape(action), data={"csrf_token": token_in(self.page), **fields})
        assert answer.status_code == status, answer.text
        if status != 303:
            self.page = answer.text
            return self
        return self.get(answer.headers["Location"], then)

    def change(self, key: str) -> "Visitor":
        """Follows the link that changes an answer."""
        return self.get(next(html.unescape(u) for u in re.findall(r'href="([^"]+)"', self.page) if f"step={key}" in u))

    @property
    def status_path(self) -> str:
        """Where the page after sending leads on."""
        return next(html.unescape(url) for url in re.findall(r'href="([^"]+)"', self.page) if "/status/" in url)

    @property
    def step(self) -> str:
        found = re.search(r'name="step" value="([^"]+)"', self.page)
        return found[1] if found else ""


def answer_all(visitor: Visitor, given: dict[str, str] = JANE) -> Visitor:
    while visitor.step:
        if 'type="file"' in visitor.page:
            visitor.press("/files", step=visitor.step)  # without a file
        else:
            visitor.press("/answer", step=visitor.step, answer=given.get(visitor.step, ""))
    return visitor
