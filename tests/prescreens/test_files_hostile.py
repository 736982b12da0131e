"""Files as answers that mean harm or come in an odd way: none of it is kept, shown or run, and no file is lost."""

import csv
import io
import struct
import zlib
from io import BytesIO

from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from app.files import keeping
from app.kernel import store
from app.prescreens.rules import files
from tests.pictures import picture
from tests.prescreens.test_files import PDF, add, rows, sent, submission
from tests.prescreens.test_files import visitor as visitor
from tests.prescreens.visitors import Visitor, token_in


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def test_bytes_of_one_network_have_a_limit(visitor, database, monkeypatch) -> None:
    monkeypatch.setattr(files, "PORTION", 10_000)
    monkeypatch.setattr(files, "PORTIONS_AN_HOUR", 2)
    add(visitor, (PDF + bytes(15_000), "large.pdf"))
    assert len(rows(database)) == 1
    add(visitor, (PDF, "small.pdf"), status=429)
    assert len(rows(database)) == 1


def test_a_picture_with_a_megabyte_of_exif_is_taken_and_nothing_of_it_is_kept(visitor, database, outbox) -> None:
    png = picture("PNG")
    heavy = png[:33] + chunk(b"eXIf", b"MM\x00*" + b"\xff" * 1_000_000) + png[33:]
    fields = {
        "csrf_token": token_in(visitor.page),
        "step": "payslips",
        "answer": FileStorage(BytesIO(heavy), "fat.png"),
    }
    boundary, body = encode_multipart(fields)
    address, kind = f"{visitor.path.partition('?')[0]}/files", f"multipart/form-data; boundary={boundary}"
    assert visitor.client.post(address, data=body, content_type=kind).status_code == 303
    outbox.deliver_all()
    (row,) = rows(database)
    assert (row.copying, row.bytes < 10_000) == ("made", True)
    found = store.store_at(database.config.evidence_url)
    assert len(found.get(keeping.copies(row.id), row.copy_sha256 or "")) < 10_000


def test_a_bomb_of_pixels_is_refused_before_it_is_decoded(visitor, database) -> None:
    good = picture("PNG", size=(10, 10))
    bomb = good[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)) + good[33:]
    add(visitor, (bomb, "bomb.png"))
    assert "too many pixels" in visitor.page
    assert rows(database) == []


def test_what_is_two_things_at_once_leaves_as_a_download_and_its_copy_is_a_picture(
    visitor, database, outbox, cast, app
) -> None:
    page = b"<!doctype html><script>alert(1)</script>"
    id = sent(visitor, database, outbox, (picture() + page, "both.jpg"), (PDF + page, "both.html"))
    agent = cast.sign_in(app.test_client(), "lena")
    for each in rows(database):
        answer = agent.get(f"/prescreens/{id}/files/{each.id}/original")
        assert answer.mimetype == each.mime
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"].startswith("attachment; ")
        assert ".html" not in answer.headers["Content-Disposition"]
        if each.copy_sha256:
            assert page not in agent.get(f"/prescreens/{id}/files/{each.id}/copy").data


def test_names_do_nothing_in_a_table(visitor, database, outbox, cast, app) -> None:
    sent(visitor, database, outbox, (PDF, "=HYPERLINK(1).pdf"), (PDF + b"2", "\u202ecod.pdf"))
    table = cast.sign_in(app.test_client(), "lena").get("/prescreens/csv?state=all").text
    cells = [cell for row in csv.reader(io.StringIO(table)) for cell in row]
    named = [cell for cell in cells if "HYPERLINK" in cell]
    assert named
    assert not any(cell.startswith("=") for cell in named)
    assert "\u202e" not in table


def test_two_tabs_lose_no_file(visitor, database, app) -> None:
    other = Visitor(app.test_client()).get(visitor.path.partition("?")[0])
    add(visitor, (PDF, "one.pdf"))
    add(other, (PDF + b"2", "two.pdf"))
    assert sorted(each.name for each in files.named(submission(database)["payslips"])) == ["one.pdf", "two.pdf"]


def test_it_works_without_cookies(visitor, database, app) -> None:
    other = Visitor(app.test_client(use_cookies=False)).get(visitor.path.partition("?")[0])
    add(other, (PDF, "one.pdf")).press("/files", step="payslips")
    assert other.step == "email"


def test_the_api_names_them_with_their_hash(visitor, database, outbox, cast, client) -> None:
    id = sent(visitor, database, outbox, (PDF, "pay.pdf"))
    answer = client.get(f"/api/v1/sessions/{id}", headers=cast.headers("prescreens"))
    assert answer.json["submission"]["payslips"] == [f"pay.pdf (sha256:{store.digest(PDF)})"]
