"""How a file of the store is sent to a browser, once a desk has found that this person may have it."""

from __future__ import annotations

from flask import Response

from app.kernel import store
from app.kernel.errors import NotFound, Unavailable
from app.kernel.web.htmx import personal

AWAY = "The store for evidence does not answer. Nothing is lost: try again in a minute."
NOT_KEPT = (
    "This file is missing from the store, or is not the one that was put there. Tell whoever runs this installation."
)


def read(kept: store.Store, name: str, sha256: str, missing: str = NOT_KEPT) -> bytes:
    """A file of the store. Raises Unavailable, and NotFound with the sentence for one that is not there."""
    try:
        return kept.get(name, sha256)
    except store.Away:
        raise Unavailable(AWAY, headers={"Retry-After": "30"}) from None
    except (store.Missing, store.Damaged):
        raise NotFound(missing, "evidence.not_kept") from None


def shown(content: bytes, mime: str) -> Response:
    """A file that no browser may take for a page: by its type, and by a policy that lets it do nothing."""
    response = personal(Response(content, content_type=mime))
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def attachment(content: bytes, mime: str, name: str) -> Response:
    """A file as a download. `name` is one of ours."""
    response = shown(content, mime)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
