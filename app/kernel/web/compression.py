"""Compressed pages, for installations without a proxy that compresses.

Only pages: a CSV is streamed, static files are compressed once at start-up (assets.py), and programs that call the API
would pay for what their proxy does better. What is secret in a page is masked (form_tokens.py) or shown once.
"""

import gzip

from flask import Flask, Response, request

LEVEL = 6
"""Of 9: more takes twice the time for a hundredth of the bytes."""
SMALLEST = 1000
"""Bytes below which a page fits into one packet anyway."""


def install(app: Flask) -> None:
    """Compresses pages for browsers that accept gzip. What runs after a request runs in reverse order of installation:
    this is installed before everything that may still change a page."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype != "text/html" or response.is_streamed:
        return response
    response.vary.add("Accept-Encoding")
    if "Content-Encoding" in response.headers or request.accept_encodings["gzip"] <= 0:
        return response
    page = response.get_data()
    if len(page) >= SMALLEST:
        response.set_data(gzip.compress(page, LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
