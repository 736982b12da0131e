"""The templates of pages, compiled once for an installation and kept beside Python's own compiled modules: compiling
them takes three seconds of CPU, reading what was compiled a tenth of one.

`python -m app.serving.compile` does it ahead, for a server that may not write there. Where nothing was compiled ahead,
web processes do it while they answer.
"""

import gc
import os
import shutil
import sys
from functools import cache
from hashlib import blake2b
from importlib.util import cache_from_source
from pathlib import Path

import jinja2
from jinja2 import Environment, FileSystemBytecodeCache

import app

WHOLE = "whole"
"""The file that says that every template is there."""


def read(templates: Environment) -> None:
    """Reads the compiled templates, so that web processes which are forked later share them. Compiles nothing."""
    if (kept_in() / WHOLE).exists():
        _load(templates, kept_in())


def warm(templates: Environment) -> None:
    """Compiles every template that was not read, so that nobody's first page waits for it; requests are answered
    meanwhile. What one process compiled, the others read."""
    if sys.dont_write_bytecode or not keep(templates):
        shared = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        _load(templates, Path(shared) if shared else None)
    gc.freeze()


def keep(templates: Environment) -> bool:
    """Compiles every template and keeps it beside Python's compiled modules. Whether that could be done."""
    done = (folder := writable()) is not None and _load(templates, folder)
    if folder and done:
        for path in folder.iterdir():
            path.chmod(0o644)  # Jinja's files are for their owner alone, who may be another than the server's
        (folder / WHOLE).touch()
    return done


@cache
def kept_in() -> Path:
    """The folder of this version's compiled templates.

    A compiled template holds what filters made of constants: another version of any module is another folder. As Python
    does, a version is told by seconds and size.
    """
    source = Path(app.__file__)
    seen = blake2b(digest_size=8)
    for path in (Path(jinja2.__file__), *sorted(source.parent.rglob("*.py"))):
        facts = path.stat()
        seen.update(f"{path} {int(facts.st_mtime)} {facts.st_size}\n".encode())
    return Path(cache_from_source(str(source))).parent / f"templates-{seen.hexdigest()}"


def writable() -> Path | None:
    """The folder, made if it can be; those of other versions are removed."""
    folder = kept_in()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    for other in folder.parent.glob("templates-*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return folder if os.access(folder, os.W_OK) else None


def _load(templates: Environment, folder: Path | None) -> bool:
    """Loads all of them from a folder, and keeps there what was compiled. Whether the folder has them all."""
    templates.bytecode_cache = FileSystemBytecodeCache(str(folder), "%s.cache") if folder else None
    try:
        for name in templates.list_templates(extensions=["html"]):
            templates.get_template(name)
    except OSError:
        return False  # The folder is full or gone: what is left is compiled when it is needed.
    finally:
        templates.bytecode_cache = None
    return True
