"""htmx 4: requests and responses, the only module that knows its headers.

One address has one view: it returns the whole page to a browser, and to an htmx request with a target only the fragment
of that target, which the page includes too. A history restore always gets the page.
"""

from urllib.parse import quote

from flask import Response, redirect, render_template, request

from app.kernel.web.live import Live

VARIES = ("HX-Request", "HX-Target", "HX-History-Restore-Request")


def is_htmx() -> bool:
    """Whether the request is of htmx, and not to restore a page from history."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-History-Restore-Request") != "true"


def has_target(target: str) -> bool:
    """Whether htmx requests the element with this id. htmx 4 sends `tag#id`, and the type `full` for whole pages."""
    return (
        is_htmx()
        and request.headers.get("HX-Request-Type", "partial") == "partial"
        and request.headers.get("HX-Target", "").rpartition("#")[2] == quote(target)
    )


def respond(
    template: str, fragment: str | None = None, target: str | None = None, status: int = 200, **context: object
) -> Response:
    """The page `template`, or for an htmx request with this `target` the `fragment` alone.

    `target` is the id of the fragment's one root element; unless given it is the fragment's name:
    `depositions/_queue.html` has `id="queue"`. The response to a POST, or with an error, does not change the address.
    A page that is `live` (kernel/web/live.py) has its revision as ETag.
    """
    if fragment and target is None:
        target = fragment.rpartition("/")[2].removeprefix("_").removesuffix(".html")
    partial = bool(fragment and target and has_target(target))
    response = Response(render_template(fragment if partial and fragment else template, **context), status)
    live = context.get("live")
    if isinstance(live, Live) and status == 200:
        response.headers["ETag"] = live.tag
    if is_htmx() and (status >= 400 or request.method != "GET"):
        response.headers["HX-Push-Url"] = "false"
    return personal(response)


def personal(response: Response) -> Response:
    """Marks a response as dependent on the headers of htmx, and forbids storing it."""
    response.vary.update(VARIES)
    response.headers["Cache-Control"] = "no-store"
    return response


def see_other(url: str) -> Response:
    """A 303 after a POST. htmx follows it and shows that page, under its address."""
    return personal(redirect(url, 303))  # type: ignore[arg-type]  # werkzeug's Response is Flask's here


def leave_for(url: str) -> Response:
    """Redirects the whole window: after signing in or out, and to pages with scripts of their own."""
    if not is_htmx():
        return see_other(url)
    response = Response(status=204)
    response.headers["HX-Redirect"] = url
    return personal(response)


def retarget(response: Response, selector: str, swap: str = "outerHTML") -> Response:
    """Swaps a response into another element than the target, and keeps the address: refusals go to `#refusal`."""
    response.headers["HX-Retarget"] = selector
    response.headers["HX-Reswap"] = swap
    response.headers["HX-Push-Url"] = "false"
    return personal(response)


def trigger(response: Response, event: str) -> Response:
    """Fires an event in the page after the response."""
    response.headers["HX-Trigger"] = event
    return response
