"""API examples: what the buttons of a page do, as requests to the API that can be copied."""

from typing import NamedTuple

from flask import current_app, request
from pydantic import BaseModel


class ApiExample(NamedTuple):
    """One verb: what it does, and the request that does it. `body` is JSON or empty."""

    act: str
    method: str
    url: str
    body: str = ""

    @property
    def text(self) -> str:
        """The request as it is copied."""
        return f"{self.method} {self.url}" + (f"\n{self.body}" if self.body else "")


def api_example(act: str, method: str, path: str, body: BaseModel | None = None) -> ApiExample:
    """`body` is an instance of the model that the API reads; it shows what was set on it, nothing else."""
    base = current_app.extensions["config"].public_base_url or request.host_url
    shown = body.model_dump_json(exclude_unset=True, indent=2) if body is not None else ""
    return ApiExample(act, method, base.rstrip("/") + path, shown)
