"""Static files: one hashed address each, compressed once at start-up.

The address has the hash of the content (`/static/app.css?v=3f2a…`), so that a response can be cached for ever.
`app.css` is joined from `static/css/`, in the order of `SHEETS`, so that a page loads one stylesheet. Scripts are ES
modules: their imports are rewritten to hashed addresses, so that the hash of a module covers what it imports, and a
page preloads them all. Comments and indentation stay here (docs/decisions/0007-stylesheet.md).
"""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from posixpath import dirname, join, normpath

from flask import Flask, Response, abort, request
from markupsafe import Markup

SHEETS = (
    "tokens",
    "base",
    "layout",
    "icon",
    "button",
    "badge",
    "avatar",
    "monogram",
    "navigation",
    "tabs",
    "toolbar",
    "board",
    "plan",
    "filters",
    "dropdown",
    "table",
    "rows",
    "sessions",
    "bars",
    "selection",
    "tags",
    "pagination",
    "ruler",
    "charts",
    "panel",
    "facts",
    "evidence",
    "verdicts",
    "timeline",
    "notice",
    "field",
    "acts",
    "detail",
    "dialog",
    "confirmation",
    "toast",
    "undo",
    "empty-state",
    "menu",
    "palette",
    "split",
    "editor",
    "message-preview",
    "code",
    "chat",
    "lines",
    "session-time",
    "offer",
    "matrix",
    "status-card",
    "camera-test",
    "ahead",
    "public",
    "utilities",
)
COMPRESSIBLE = {"text/css", "text/javascript", "image/svg+xml", "text/plain", "text/markdown", "application/json"}
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
SHEET_URL = re.compile(r'url\("\.\./([^"]+)"\)')
COMMENT = re.compile(r"^\s*(?:/\*(?:[^*]|\*(?!/))*\*/|//[^\n]*)[^\S\n]*(?:\n|\Z)", re.M | re.S)
"""A comment that has its lines for itself. Only such are taken out: what stands beside code could be a string."""
INDENT = re.compile(r"^\s+", re.M)
IMPORT = re.compile(r'^((?:import|export)\b[^"\n]*)"(\.{1,2}/[^"]+)"', re.M)
"""A static import or re-export on one line, of a module by its relative address."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file: its type, body, compressed body if that is smaller, and the hash of the content."""

    type: str
    body: bytes
    gzipped: bytes | None
    hash: str


class Assets:
    """All static files of `folder`, read once. `prefix` is the path under which they are served."""

    def __init__(self, folder: Path, prefix: str = "/static") -> None:
        self.prefix = prefix
        self.files: dict[str, Asset] = {}
        self.imports: dict[str, tuple[str, ...]] = {}
        """The modules that each module imports, directly and indirectly, in the order in which they run."""
        sheets, modules = folder / "css", folder / "js"
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not {sheets, modules} & set(path.parents):
                self._put(path.relative_to(folder).as_posix(), path.read_bytes())
        for path in sorted(modules.rglob("*.js")):
            self._put_module(folder, path.relative_to(folder).as_posix(), ())
        text = "\n".join(_without_comments((sheets / f"{name}.css").read_text("utf-8")) for name in SHEETS)
        self._put("app.css", SHEET_URL.sub(lambda found: f'url("{self.url(found[1])}")', text).encode())

    def url(self, name: str) -> str:
        """The hashed address of a file; KeyError for an unknown file."""
        return f"{self.prefix}/{name}?v={self.files[name].hash}"

    def _put_module(self, folder: Path, name: str, importers: tuple[str, ...]) -> None:
        """Adds a module after what it imports, whose hashed addresses it then names."""
        if name in importers:
            raise ValueError(f"{name} imports itself, by way of {', '.join(importers)}.")
        if name in self.files:
            return
        before: dict[str, None] = {}

        def hashed(found: re.Match[str]) -> str:
            other = normpath(join(dirname(name), found[2]))
            self._put_module(folder, other, (*importers, name))
            before.update(dict.fromkeys((*self.imports[other], other)))
            return f'{found[1]}"{self.url(other)}"'

        text = IMPORT.sub(hashed, _without_comments((folder / name).read_text("utf-8")))
        self.imports[name] = tuple(before)
        self._put(name, text.encode())

    def _put(self, name: str, body: bytes) -> None:
        kind = TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        small = gzip.compress(body, 9, mtime=0) if kind in COMPRESSIBLE else None
        smaller = small if small and len(small) < len(body) else None
        self.files[name] = Asset(kind, body, smaller, hashlib.sha256(body).hexdigest()[:8])


def _without_comments(text: str) -> str:
    """A sheet or module without comment lines and indentation, a tenth of a first visit; a line stays a line, so that
    it can still be read. No string of ours spans lines (tests/design/test_static.py)."""
    return INDENT.sub("", COMMENT.sub("", text))


def _icon(assets: Assets) -> Callable[..., Markup]:
    """`icon(name, cls)`: a decorative symbol of the sprite. Cached, because a page has dozens."""

    @lru_cache(maxsize=512)
    def icon(name: str, cls: str = "") -> Markup:
        classes = f"icon {cls}" if cls else "icon"
        found = Markup('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>')
        return found.format(classes, assets.url("icons.svg"), name)

    return icon


def _module(assets: Assets) -> Callable[[str], Markup]:
    """`module(name)`: the script tag of a page's entry module, and a preload for each module that it imports, so that
    the browser requests all of them at once."""

    @lru_cache
    def module(name: str) -> Markup:
        preload = Markup('<link rel="modulepreload" href="{}">')
        script = Markup('<script src="{}" type="module"></script>').format(assets.url(name))
        return Markup("\n  ").join([*(preload.format(assets.url(each)) for each in assets.imports[name]), script])

    return module


def install(app: Flask) -> Assets:
    """Serves the app's static folder from memory, and give templates `static('app.css')` and `module('js/public.js')`.

    `url_for('static', filename=…)` has the hash too. Replaces Flask's own static view where there is one.
    """
    prefix = app.static_url_path or "/static"
    assets = Assets(Path(app.root_path) / "static", prefix)

    def static(filename: str) -> Response:
        asset = assets.files.get(filename) or abort(404)
        zipped = asset.gzipped if request.accept_encodings["gzip"] > 0 else None
        answer = Response(zipped or asset.body, mimetype=asset.type)
        if zipped:
            answer.headers["Content-Encoding"] = "gzip"
        if asset.gzipped:
            answer.vary.add("Accept-Encoding")
        current = request.args.get("v") == asset.hash
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if current else "no-cache"
        answer.set_etag(asset.hash + ("-gzip" if zipped else ""))
        answer.make_conditional(request)
        return answer

    def hashed(endpoint: str, values: dict) -> None:
        if endpoint == "static" and values.get("filename") in assets.files:
            values.setdefault("v", assets.files[values["filename"]].hash)

    if "static" in app.view_functions:
        app.view_functions["static"] = static
    else:
        app.add_url_rule(f"{prefix}/<path:filename>", "static", static)
    app.url_default_functions.setdefault(None, []).append(hashed)
    app.jinja_env.globals.update(static=assets.url, module=_module(assets), sprite=_icon(assets))
    return assets
