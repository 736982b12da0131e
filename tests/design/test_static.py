"""What the browser keeps: hashed, compressed, what it claims to be, and not too much of it."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.kernel.web.assets import SHEETS, Assets

STATIC = Path(__file__).parents[2] / "app/static"
FIRST_VISIT = 150_000
"""Bytes, compressed, for everything a first visit to a queue loads (quality 1, page weight)."""


def url(site: Flask, name: str) -> str:
    found: str = site.jinja_env.globals["static"](name)  # type: ignore[operator]  # the template function
    return found


def test_what_is_not_ours_is_listed_with_its_hash() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", (STATIC / "vendor/README.md").read_text("utf-8"), re.M
    )
    for name, listed in rows:
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == listed, name
    present = {f"{folder}/{path.name}" for folder in ("vendor", "fonts") for path in (STATIC / folder).iterdir()}
    assert present - {"vendor/README.md"} == {name for name, _ in rows}


def test_a_hashed_address_is_kept_for_ever(site: Flask, visitor: FlaskClient) -> None:
    answer = visitor.get(url(site, "app.css"))
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.mimetype == "text/css"


def test_another_address_is_asked_for_again(visitor: FlaskClient) -> None:
    for address in ("/static/app.css", "/static/app.css?v=000000000000"):
        answer = visitor.get(address)
        assert answer.headers["Cache-Control"] == "no-cache"
        assert visitor.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_compressed_for_those_who_take_it(site: Flask, visitor: FlaskClient) -> None:
    plain = visitor.get(url(site, "app.css"))
    small = visitor.get(url(site, "app.css"), headers={"Accept-Encoding": "br, gzip"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in small.headers["Vary"]
    assert gzip.decompress(small.data) == plain.data
    assert len(small.data) < len(plain.data) / 3
    refused = visitor.get(url(site, "app.css"), headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


def test_the_sheet_names_hashed_fonts(site: Flask, visitor: FlaskClient) -> None:
    sheet = visitor.get(url(site, "app.css")).text
    assert re.findall(r'url\("([^"]+)"\)', sheet) == [
        url(site, f"fonts/hanken-grotesk-{name}.woff2") for name in ("latin", "latin-ext")
    ]


def test_a_module_imports_hashed_addresses(site: Flask, visitor: FlaskClient) -> None:
    modules = [path.relative_to(STATIC).as_posix() for path in (STATIC / "js").rglob("*.js")]
    addresses = {url(site, name) for name in modules}
    for name in modules:
        text = re.sub(r"/\*.*?\*/", "", visitor.get(url(site, name)).text, flags=re.S)
        assert "import(" not in text, name
        assert set(re.findall(r"""(?:\bfrom|^import)\s*["']([^"']+)""", text, re.M)) <= addresses, name


@pytest.mark.parametrize(("page", "entry"), [("/queue", "js/dashboard.js"), ("/chat", "js/public.js")])
def test_a_page_names_every_module_that_it_runs(site: Flask, visitor: FlaskClient, page: str, entry: str) -> None:
    html, wanted, todo = visitor.get(page).text, set(), [url(site, entry)]
    while todo:
        address = todo.pop()
        wanted.add(address)
        todo += set(re.findall(r'"(/static/js/[^"]+)"', visitor.get(address).text)) - wanted
    preloaded = re.findall(r'<link rel="modulepreload" href="([^"]+)">', html)
    assert {*preloaded, url(site, entry)} == wanted
    assert len(preloaded) == len(set(preloaded)) == len(wanted) - 1


def test_what_is_sent_is_the_code_without_its_comments(site: Flask, visitor: FlaskClient) -> None:
    script = visitor.get(url(site, "js/dom.js")).text
    assert "/**" not in script
    assert "export const" in script or "export function" in script
    assert not re.search(r"^ |^/\*", visitor.get(url(site, "app.css")).text, re.M)


def test_comments_beside_code_and_what_looks_like_one_stay(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    kept = 'const a = 1; // why\n/* b */ const c = "//x";\n'
    source = f"/** Head. */\n\n{kept}  /* over\n   * lines */\n  // own\n  d();\n/* e */"
    (tmp_path / "js/one.js").write_text(source)
    (tmp_path / "css").mkdir()
    for name in SHEETS:
        (tmp_path / "css" / f"{name}.css").write_text("")
    body = Assets(tmp_path).files["js/one.js"].body.decode()
    assert body == f"{kept}d();\n"


def test_no_string_of_ours_spans_lines() -> None:
    """Because indentation is taken from every line."""
    for path in (STATIC / "js").rglob("*.js"):
        for line in path.read_text("utf-8").splitlines():
            assert line.count("`") % 2 == 0, (path.name, line)


def test_modules_that_import_each_other_are_refused(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / "js").mkdir(exist_ok=True)
        (tmp_path / "js" / f"{name}.js").write_text(f'import "./{other}.js";\n')
    with pytest.raises(ValueError, match=r"js/a\.js imports itself"):
        Assets(tmp_path)


def test_nothing_outside_the_folder_is_served(visitor: FlaskClient) -> None:
    for path in ("../config.py", "%2e%2e/config.py", "css/tokens.css", "nothing.css", ""):
        assert visitor.get(f"/static/{path}").status_code == 404


def test_a_first_visit_is_light(visitor: FlaskClient) -> None:
    page = visitor.get("/queue").text
    files = {found.split("#")[0] for found in re.findall(r'(?:href|src)="(/static/[^"]+)"', page)}
    files.add(re.findall(r'url\("([^"]+latin-ext[^"]+)"\)', visitor.get("/static/app.css").text)[0])
    weights = {name: len(visitor.get(name, headers={"Accept-Encoding": "gzip"}).data) for name in files}
    assert sum(weights.values()) + len(gzip.compress(page.encode())) <= FIRST_VISIT, weights


def test_no_file_of_ours_is_minified_or_forgotten() -> None:
    assert {path.stem for path in (STATIC / "css").iterdir()} == set(SHEETS)
    for path in [*(STATIC / "css").iterdir(), *(STATIC / "js").rglob("*")]:
        if path.is_dir():
            continue
        lines = path.read_text("utf-8").splitlines()
        assert len(lines) <= 450, path.name
        assert max(map(len, lines)) <= 140, path.name
