"""The process that writes one PDF. It reads its folder and nothing else; whatever a page names besides is refused.

Only this process imports WeasyPrint, which takes long to load and much memory.
"""

import gc
import json
import os
import resource
import shutil
import sys
import threading
from datetime import datetime
from pathlib import Path

from pydyf import PDF, Dictionary, Stream
from weasyprint import HTML, Attachment
from weasyprint.urls import URLFetcher, URLFetcherResponse

from app.kernel import pdf
from app.kernel.json_types import JsonObject

MEMORY = 2 << 30
"""Bytes of address space."""
FONTS = {path.name: path for path in (pdf.APP / "static" / "fonts").glob("*.woff2")}


class Given(URLFetcher):
    """What a page may name: `given:` a picture that it was given, or `font:` one of our fonts."""

    def __init__(self, pictures: dict[str, Path]) -> None:
        super().__init__()
        self._files = {"given": pictures, "font": FONTS}

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        scheme, _, name = url.partition(":")
        path = self._files.get(scheme, {}).get(name)
        if path is None:
            raise ValueError("Nothing is fetched.")
        return URLFetcherResponse(url, path.read_bytes())


def main(folder: Path) -> None:
    """Writes the PDF of a folder."""
    os.nice(10)
    gc.disable()  # nothing that it would find is gone before the process is; looking takes a tenth of the time
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()
    # JSON, as the process that started this one wrote it.
    request: JsonObject = json.loads((folder / pdf.REQUEST).read_text())
    pictures = {name: folder / pdf.GIVEN / str(number) for name, number in request["pictures"].items()}
    page = HTML(
        string=(folder / pdf.PAGE).read_text("utf-8"), base_url="given:", url_fetcher=Given(pictures), encoding="utf-8"
    )
    page.write_pdf(
        folder / "unfinished",
        finisher=_accessible,
        attachments=_attachments(folder, request),
        pdf_variant="pdf/a-3a",
        pdf_identifier=bytes.fromhex(request["identity"])[:16],
    )
    (folder / "unfinished").rename(folder / pdf.RESULT)


def _attachments(folder: Path, request: JsonObject) -> list[Attachment]:
    created = datetime.fromisoformat(request["created"])
    return [
        Attachment(
            file_obj=(folder / pdf.ATTACHED / str(number)).open("rb"),
            name=name,
            description=description,
            relationship=relationship,
            created=created,
            modified=created,
        )
        for number, (name, description, relationship) in enumerate(request["attachments"])
    ]


UA = b"""<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:e="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:s="http://www.aiim.org/pdfa/ns/schema#" xmlns:p="http://www.aiim.org/pdfa/ns/property#">
<e:schemas><rdf:Bag><rdf:li rdf:parseType="Resource"><s:schema>PDF/UA Universal Accessibility Schema</s:schema>
<s:namespaceURI>http://www.aiim.org/pdfua/ns/id/</s:namespaceURI><s:prefix>pdfuaid</s:prefix>
<s:property><rdf:Seq><rdf:li rdf:parseType="Resource"><p:name>part</p:name><p:valueType>Integer</p:valueType>
<p:category>internal</p:category><p:description>Part of ISO 14289 that is followed</p:description></rdf:li></rdf:Seq>
</s:property></rdf:li></rdf:Bag></e:schemas></rdf:Description></rdf:RDF>"""
"""That the file is PDF/UA-1 too, and what PDF/A wants to know of a name that it does not know. The library writes one
variant a file."""


def _accessible(_document: object, file: PDF) -> None:
    """Says in the file that it is PDF/UA-1 too, and that its window bears its title."""
    streams = (each for each in file.objects if isinstance(each, Stream))
    (metadata,) = (each for each in streams if each.extra.get("Type") == "/Metadata")
    metadata.stream = [part.replace(b"</rdf:RDF>", UA) for part in metadata.stream]
    file.catalog["ViewerPreferences"] = Dictionary({"DisplayDocTitle": "true"})


def _end_with_parent(folder: Path) -> None:
    """Ends this process when the one that started it is gone, and clears up after it."""
    os.read(0, 1)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
