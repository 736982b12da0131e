"""What a process prepares for the first PDF that it writes, done once for all that are forked from this one.

The library looks up system fonts, compiles its own style sheets and parses declarations of C types; each document
unpacks our fonts. That is a third of the time of a short document, and the same for every one.
"""

import tempfile
from io import BytesIO
from pathlib import Path

from fontTools.ttLib import woff2

from app.kernel.pdf import APP, child

TYPICAL = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Typical</title>
<style>{(APP / "templates" / "pdf" / "_style.css").read_text()}</style></head><body><header><h1>Typical</h1></header>
<h2>What documents have</h2><p>Words, <strong>strong</strong> ones, <code>code</code>, <a href="#end">a link</a> and
łetters of the other font.</p><ul><li>One</li></ul><dl><dt>Name</dt><dd>Value</dd></dl>
<table><thead><tr><th>Head</th><th>Head</th></tr></thead><tbody><tr><td>Cell</td><td>Cell</td></tr></tbody></table>
<p id="end">End</p></body></html>"""


def unpack_fonts() -> None:
    """Lets documents find our fonts as the library would unpack them."""
    folder = Path(tempfile.mkdtemp(prefix="session-desk-fonts-"))
    for name, packed in child.FONTS.items():
        with (folder / name).open("wb") as unpacked:
            woff2.decompress(BytesIO(packed.read_bytes()), unpacked)
        child.FONTS[name] = folder / name


def write_one() -> None:
    """Writes a document as the product does, into nothing."""
    page = child.HTML(string=TYPICAL, base_url="given:", url_fetcher=child.Given({}))
    page.write_pdf(BytesIO(), finisher=child._accessible, pdf_variant="pdf/a-3a", pdf_identifier=bytes(16))


unpack_fonts()
write_one()
