"""A refused change leaves the database as it was: every request of every test is watched for it.

A transaction that is committed although the response is a refusal fails the test that made the request, whatever else
it looks at.
"""

import sys

from flask import Flask, Response, g, has_request_context, request, request_finished, request_tearing_down
from sqlalchemy import event

from app.kernel.db.engine import Db
from app.kernel.db.transaction import SAFE

MAY_KEEP = ("accounts_public.sign_in_with_passkey", "accounts_public.take_passkey_step", "accounts.prove_with_passkey")
"""Pages that store something although they refuse (each use of a challenge), beside calls with an Idempotency-Key."""

found: list[str] = []
"""Refusals of the running test that were committed."""


def watch(app: Flask) -> None:
    """Watches the requests of an app."""
    request_finished.connect(_note_status, app)
    request_tearing_down.connect(_judge, app)


def _note_status(_app: Flask, response: Response, **_: object) -> None:
    g.status = response.status_code


def _judge(_app: Flask, **_: object) -> None:
    """At the very end of a request, when nothing can be committed any more."""
    refused = g.get("status", 500) >= 400
    if request.method in SAFE or not refused or not g.get("committed"):
        return
    kept = g.get("keep") and (request.endpoint in MAY_KEEP or "Idempotency-Key" in request.headers)
    if not kept:
        found.append(f"{request.method} {request.url_rule} answered {g.get('status', 500)} and was committed.")


@event.listens_for(Db, "after_commit")
def _note_commit(_db: Db) -> None:
    if has_request_context() and not _in_side_transaction():
        g.committed = True


def _in_side_transaction() -> bool:
    """Whether the commit is one of `Database.write()`: a side transaction, whose callers another test lists."""
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_name == "write" and frame.f_code.co_filename.endswith("kernel/db/engine.py"):
            return True
    return False
