"""Documents for users: the file, or one within it, by our own authorization; and trying again what failed."""

import io
import itertools
import zipfile
from uuid import UUID

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from app.accounts.access import allow, me
from app.dashboard.desk import desks
from app.dashboard.documents import actions, jobs, queries
from app.dashboard.documents.kinds import Kind
from app.dashboard.documents.models import Document, State
from app.kernel import clock, store
from app.kernel.db.transaction import database, db, reading, side_transaction
from app.kernel.errors import Denied, NotFound, Unavailable
from app.kernel.web.forms import DeskForm
from app.kernel.web.htmx import personal, see_other

pages = Blueprint("documents", __name__, url_prefix="/documents")

VERIFIED = 32 * 1024 * 1024
"""Bytes up to which a file is read as a whole and its hash verified before it is sent; a larger one is streamed."""
UNKNOWN = "There is no such document, it is not there any more, or it is not for you."
NOT_YOURS = "You may have this document, but not have it made. Nothing was changed."
AWAY = "The store for files does not answer. Nothing is lost: try again in a minute."
NOT_KEPT = "This file is missing from the store, or is not the one that was put there. Make it again."


@pages.get("/<uuid:id>/<name>")
@allow()
def download(id: UUID, name: str) -> Response:
    """The file of a document, or one of those in it. That it was downloaded is an event of its item."""
    document, kind = _known(id)
    if document.state != State.READY or document.sha256 is None or name not in (document.name, *kind.members):
        raise NotFound(UNKNOWN)
    if name == document.name:
        return _whole(document, kind, document.sha256, document.bytes or 0)
    content = _member(_read(document), name)
    _note(document, kind, name, store.digest(content))
    return _file(Response(content, content_type=kind.members[name]), name)


def _whole(document: Document, kind: Kind, sha256: str, size: int) -> Response:
    """The file itself, a piece at a time, from where a download broke off: its ETag is its SHA-256."""
    first, beyond = 0, size
    wanted = request.range.range_for_length(size) if request.range and request.if_range.etag in (None, sha256) else None
    if request.range and request.if_range.etag in (None, sha256) and wanted is None and size:
        raise RequestedRangeNotSatisfiable(size)
    if wanted is not None:
        first, beyond = wanted
    if size <= VERIFIED:
        pieces = iter([_read(document)[first:beyond]])
    else:
        pieces = store.store_at(database().config.evidence_url).pieces(jobs.folder(document.id), sha256, first, beyond)
    try:
        start = next(pieces, b"")  # before anything is answered or noted
    except store.Away:
        raise Unavailable(AWAY, headers={"Retry-After": "30"}) from None
    except store.Missing:
        raise NotFound(NOT_KEPT, "document.not_kept") from None
    _note(document, kind, document.name, sha256)
    response = Response(itertools.chain([start], pieces), 206 if wanted else 200, content_type=document.mime)
    response.content_length = beyond - first
    response.headers["Accept-Ranges"] = "bytes"
    response.set_etag(sha256)
    if wanted is not None:
        response.headers["Content-Range"] = f"bytes {first}-{beyond - 1}/{size}"
    return _file(response, document.name)


def _note(document: Document, kind: Kind, name: str, sha256: str) -> None:
    """Written down before the first byte leaves."""
    if request.method == "GET":
        with side_transaction() as own:
            data = {"document": str(document.id), "file": name, "sha256": sha256}
            kind.record(own, kind.downloaded, document, by=me().actor(), now=clock.now(), data=data)


def _file(response: Response, name: str) -> Response:
    """A file that no browser may take for a page."""
    response = personal(response)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@pages.post("/<uuid:id>/again")
@allow()
def again(id: UUID) -> Response:
    """Makes a document again that failed."""
    document, kind = _known(id)
    DeskForm().check()
    if not me().may(kind.needs, True, document.organization_id):
        raise Denied(NOT_YOURS)
    actions.try_again(db(), document, clock.now())
    return see_other(kind.url(document))


def _known(id: UUID) -> tuple[Document, Kind]:
    """A document that the user may have, with its kind. Raises NotFound."""
    document = queries.get(reading(), id)
    if document is not None:
        for desk in desks():
            kind = next((kind for kind in desk.documents if kind.name == document.kind), None)
            if kind is None or not me().may(kind.needs, False, document.organization_id):
                continue
            # What is kept from a user for now stands in the documents about it, too.
            if not desk.veiled(reading(), me(), [document.subject_id], clock.now()):
                return document, kind
    raise NotFound(UNKNOWN)


def _read(document: Document) -> bytes:
    try:
        return store.store_at(database().config.evidence_url).get(jobs.folder(document.id), document.sha256 or "")
    except store.Away:
        raise Unavailable(AWAY, headers={"Retry-After": "30"}) from None
    except (store.Missing, store.Damaged):
        raise NotFound(NOT_KEPT, "document.not_kept") from None


def _member(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)
