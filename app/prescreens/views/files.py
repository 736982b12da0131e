"""The files of a prescreen's answers, by our own authorization only."""

from uuid import UUID

from flask import Response, request

from app.accounts.access import allow, me
from app.files import keeping, pictures, responses
from app.kernel import clock, store
from app.kernel.db.transaction import database, reading, side_transaction
from app.kernel.errors import NotFound
from app.prescreens import actions
from app.prescreens.answer_files import AnswerFile
from app.prescreens.models import Prescreen
from app.prescreens.queries import files as kept_files
from app.prescreens.queries import first_looks, inquiries
from app.prescreens.rules import files
from app.prescreens.views.filters import READERS, pages, visible


@pages.get("/<uuid:id>/files/<uuid:file_id>/original")
@allow(*READERS)
def file_original(id: UUID, file_id: UUID) -> Response:
    """The untouched file, as a download. That it was downloaded is an event."""
    prescreen, row = _file(id, file_id)
    content = responses.read(_store(), keeping.originals(row.id), row.sha256)
    _note(prescreen, row, "original")
    return responses.attachment(content, row.mime, f"{row.sha256}.{pictures.EXTENSIONS[row.mime]}")


@pages.get("/<uuid:id>/files/<uuid:file_id>/copy")
@allow(*READERS)
def file_copy(id: UUID, file_id: UUID) -> Response:
    """The cleaned copy of a picture, as a download. That it was downloaded is an event."""
    prescreen, row = _file(id, file_id)
    if row.copy_sha256 is None:
        raise NotFound("There is no copy of this.")
    content = responses.read(_store(), keeping.copies(row.id), row.copy_sha256)
    _note(prescreen, row, "copy")
    return responses.attachment(content, pictures.JPEG, f"copy-of-{row.sha256}.jpg")


@pages.get("/<uuid:id>/files/<uuid:file_id>/thumbnail")
@allow(*READERS)
def file_thumbnail(id: UUID, file_id: UUID) -> Response:
    """The small copy that the page shows. We wrote it anew, so that it is nothing but a picture."""
    _, row = _file(id, file_id)
    if row.thumbnail_sha256 is None:
        raise NotFound("There is no picture of this.")
    return responses.shown(responses.read(_store(), keeping.copies(row.id), row.thumbnail_sha256), pictures.JPEG)


def _file(id: UUID, file_id: UUID) -> tuple[Prescreen, AnswerFile]:
    """A file that an answer names, or named before it was asked again, for a user who may see that. Raises NotFound."""
    prescreen, db = visible(id), reading()
    named = files.shown(prescreen.submission, () if first_looks.is_veiled(prescreen) else inquiries.of(db, id))
    row = next((each for each in kept_files.of(db, id).values() if each.id == file_id and each.sha256 in named), None)
    if row is None:
        raise NotFound("There is no such file, or it is kept no longer.")
    return prescreen, row


def _note(prescreen: Prescreen, row: AnswerFile, part: str) -> None:
    """Written down before the first byte leaves."""
    if request.method == "GET":
        with side_transaction() as own:
            organization_id = prescreen.organization_id
            actions.note_file(own, prescreen.id, organization_id, part, row.sha256, by=me().actor(), now=clock.now())


def _store() -> store.Store:
    return store.store_at(database().config.evidence_url)
