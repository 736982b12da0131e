"""htmx 4: the only place that knows its headers.

The same address gives the same view: a whole page to a browser, and to an htmx request aimed at a fragment just that
fragment, which the page includes too. A history restore always gets the page.
"""

from typing import Any
from urllib.parse import quote

from flask import Response, redirect, render_template, request

VARIES = ("HX-Request", "HX-Target", "HX-History-Restore-Request")


def is_htmx() -> bool:
    """Whether htmx asks (and not to restore a page from history)."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-History-Restore-Request") != "true"


def aims_at(target: str) -> bool:
    """Whether htmx asks for the element with this id. htmx 4 names it `tag#id`, and says `full` for whole pages."""
    return (
        is_htmx()
        and request.headers.get("HX-Request-Type", "partial") == "partial"
        and request.headers.get("HX-Target", "").rpartition("#")[2] == quote(target)
    )


def respond(
    template: str, fragment: str | None = None, target: str | None = None, status: int = 200, **context: Any
) -> Response:
    """The page `template`, or for an htmx request aimed at `target` the `fragment` alone.

    `target` is the id of the fragment's one root element; unless given it is the fragment's name:
    `depositions/_queue.html` holds `id="queue"`. A page that answers a POST or says an error leaves the address alone.
    A page that is `live` (kernel/live.py) says which revision it shows.
    """
    if fragment and target is None:
        target = fragment.rpartition("/")[2].removeprefix("_").removesuffix(".html")
    partial = bool(fragment and target and aims_at(target))
    response = Response(render_template(fragment if partial and fragment else template, **context), status)
    if context.get("live") is not None and status == 200:
        response.headers["ETag"] = context["live"].tag
    if is_htmx() and (status >= 400 or request.method != "GET"):
        response.headers["HX-Push-Url"] = "false"
    return personal(response)


def personal(response: Response) -> Response:
    """Marks an answer as depending on htmx's headers, and as nobody's to keep."""
    response.vary.update(VARIES)
    response.headers["Cache-Control"] = "no-store"
    return response


def see_other(url: str) -> Response:
    """303 after a POST. htmx follows it and shows the page there, under its address."""
    return personal(redirect(url, 303))  # type: ignore[arg-type]  # werkzeug's and flask's Response are one here


def leave_for(url: str) -> Response:
    """Sends the whole window elsewhere: after signing in or out, and to pages with scripts of their own."""
    if not is_htmx():
        return see_other(url)
    response = Response(status=204)
    response.headers["HX-Redirect"] = url
    return personal(response)


def retarget(response: Response, selector: str, swap: str = "outerHTML") -> Response:
    """Puts an answer elsewhere than it was asked for, and keeps the address: refusals go to `#refusal`."""
    response.headers["HX-Retarget"] = selector
    response.headers["HX-Reswap"] = swap
    response.headers["HX-Push-Url"] = "false"
    return personal(response)


def trigger(response: Response, event: str) -> Response:
    """Fires an event in the page once the answer has arrived."""
    response.headers["HX-Trigger"] = event
    return response
