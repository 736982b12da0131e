"""The current request, and what is noted beside it, themselves.

Flask's `request` and `g` look them up at every access, for 2 µs each, and every request passes some sixty: what is
asked more than once in a function is taken from here. Outside of a request both raise LookupError.
"""

from flask import Request
from flask.ctx import _AppCtxGlobals
from flask.globals import _cv_app, _cv_request


def the_request() -> Request:
    """Flask's `request`, without its proxy."""
    return _cv_request.get().request


def notes() -> _AppCtxGlobals:
    """Flask's `g`, without its proxy."""
    return _cv_app.get().g
