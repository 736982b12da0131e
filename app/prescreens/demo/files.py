"""A questionnaire with a question for files, and two prospects who answered it with small pictures and papers."""

from datetime import datetime, timedelta
from io import BytesIO
from uuid import UUID, uuid5

from app.accounts.models import Organization
from app.files import keeping
from app.kernel import store
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.prescreens import actions
from app.prescreens.actions import questionnaires as drafting
from app.prescreens.models import QuestionType
from app.prescreens.queries import questionnaires
from app.prescreens.queries.stages import Reach
from app.prescreens.rules.bounds import Bounds
from app.prescreens.rules.questionnaires import Content
from app.prescreens.rules.questions import Question

QUESTIONS = (
    Question("fullName", "What is your full name?", QuestionType.NAME),
    Question("email", "Your e-mail address", QuestionType.EMAIL),
    Question(
        "papers",
        "Papers that say what you earn",
        QuestionType.FILE,
        hint="The last two payslips, for example.",
        short="Papers",
        criterion="two months of income",
        bounds=Bounds(files=4, megabytes=10),
    ),
)
PEOPLE = (
    ("Ottoline Marsh", ("payslip-october.pdf", "payslip-november.jpg")),
    ("Bram de Wit", ("contract.pdf", "stamped page.jpg")),
)


def load(db: Db, home: Organization, lead: Actor, prospect: Actor, ids: UUID, now: datetime) -> None:
    """Writes both, one sent and one still answering."""
    at, reach = now - timedelta(days=20), Reach((home.id,))
    content = Content("A few papers help us to decide quickly.", QUESTIONS)
    id = drafting.make(db, home.id, "Flats on Quay Street", content, by=lead, now=at)
    drafting.publish(db, id, "The first version", reach=reach, revision=None, by=lead, now=at)
    questionnaire = questionnaires.one(db, reach, id)
    assert questionnaire is not None
    kept = store.store_at(db.config.evidence_url)
    for place, (name, papers) in enumerate(PEOPLE):
        moment = now - timedelta(days=3 + place, minutes=17)
        one = actions.start(db, questionnaire, by=prospect, now=moment)
        actions.answer(db, one, "fullName", [name], by=prospect, now=moment)
        address = f"{name.split()[0].lower()}@example.com"
        actions.answer(db, one, "email", [address], by=prospect, now=moment)
        new = [_kept(kept, uuid5(ids, f"file {name} {paper}"), f"{name}: {paper}", paper) for paper in papers]
        actions.add_files(db, one, "papers", new, by=prospect, now=moment)
        for each in new:
            if each.mime.startswith("image/"):
                made = keeping.make_copies(kept, each.id, each.sha256, each.mime)
                actions.settle_file_copies(db, each.id, made)
        if place == 0:
            actions.answer(db, one, "papers", [], by=prospect, now=moment)
            actions.complete(db, one, by=prospect, now=moment + timedelta(minutes=6))


def _kept(kept: store.Store, id: UUID, text: str, paper: str) -> actions.NewFile:
    pictured = paper.endswith(".jpg")
    content = _drawn(text) if pictured else _written(text)
    keeping.keep(kept, id, content)
    mime = "image/jpeg" if pictured else "application/pdf"
    return actions.NewFile(id, paper, store.digest(content), len(content), mime)


def _drawn(text: str) -> bytes:
    """A photo of a paper, drawn."""
    from PIL import Image, ImageDraw

    picture, buffer = Image.new("RGB", (420, 560), "#fbfaf5"), BytesIO()
    pen = ImageDraw.Draw(picture)
    pen.text((40, 40), text, fill="#222")
    for line in range(100, 500, 26):
        pen.line((40, line, 330 if line % 3 else 250, line), fill="#9aa")
    picture.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def _written(text: str) -> bytes:
    """The smallest PDF with one line of text."""
    page = f"BT /F1 18 Tf 60 720 Td ({text}) Tj ET".encode("ascii", "replace")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(page), page),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = b"%PDF-1.4\n", list[int]()
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 6\n0000000000 65535 f \n" + table + end
