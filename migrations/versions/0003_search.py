"""One index of words for every desk."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PORTION = 1000


def upgrade() -> None:
    bind = op.get_bind()
    op.create_table(
        "search_entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject_type", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("rest", sa.Text(), nullable=False),
        sa.Column("document", sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql"), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entries")),
        sa.UniqueConstraint("subject_type", "subject_id", name="uq_search_entries_subject"),
    )
    if bind.dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE search_index USING fts5"
            "(document, content='', detail=none, columnsize=0, tokenize='ascii')"
        )
    _fill(bind)
    if bind.dialect.name == "postgresql":
        op.execute(
            "CREATE INDEX ix_search_entries_document ON search_entries USING gin (document) "
            "WITH (gin_pending_list_limit = 256)"
        )
    op.drop_table("deposition_words")
    op.drop_table("prescreen_words")


def downgrade() -> None:
    collation = "C" if op.get_bind().dialect.name == "postgresql" else None
    op.create_table(
        "deposition_words",
        sa.Column("word", sa.String(40, collation=collation), nullable=False),
        sa.Column("deposition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["deposition_id"], ["depositions.id"], name="fk_deposition_words_deposition_id"),
        sa.PrimaryKeyConstraint("word", "deposition_id", name="pk_deposition_words"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_deposition_words_deposition", "deposition_words", ["deposition_id"])
    op.create_table(
        "prescreen_words",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("word", sa.String(200, collation=collation), nullable=False),
        sa.Column("prescreen_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_prescreen_words_organization_id"),
        sa.ForeignKeyConstraint(["prescreen_id"], ["prescreens.id"], name="fk_prescreen_words_prescreen_id"),
        sa.PrimaryKeyConstraint("organization_id", "word", "prescreen_id", name="pk_prescreen_words"),
    )
    op.create_index("ix_prescreen_words_prescreen", "prescreen_words", ["prescreen_id"])
    _give_back(op.get_bind())
    op.drop_table("search_entries")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_index")


# What is there already, in portions. A copy of how words are folded as it was when this was written: `desk reindex`
# builds the index anew whenever that changes.

LADDER = (*range(1, 13), 16, 24, 40)
MARK = "\ue000"
SHELVES = (11, 13, 15, 17, 19, 21, 23)
PLAIN = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
        "ħ": "h",
        "\u2019": "'",
        "\u0640": None,
    }
)
NUMBER = re.compile(r"(?<![\w-])\+?\(?\d(?:[\d().\-/ ]*\d)?(?![\w-])")
UNSPACED = r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
WORD = re.compile(rf"{UNSPACED}|(?:(?!{UNSPACED})[^\W_])+")


def _fold(text: str) -> str:
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(PLAIN)
    kept = []
    for sign in plain:
        kind = unicodedata.category(sign)
        if kind == "Nd":
            kept.append(str(unicodedata.digit(sign)))
        elif kind[0] != "M":
            kept.append(sign if kind[0] in "LN" or sign.isascii() else " ")
    return "".join(kept)


def _split(folded: str) -> list[str]:
    return [word[:40] for word in WORD.findall(folded)]


def _words(*texts: str | None) -> list[str]:
    found: dict[str, None] = {}
    joined: dict[str, None] = {}
    for text in texts:
        folded = _fold(text) if text else ""
        found.update(dict.fromkeys(_split(folded)))
        for piece in folded.split():
            parts = _split(piece)
            if 1 < len(parts) < 7 and "@" not in piece:
                joined["".join(parts)[:40]] = None
        for run in NUMBER.findall(folded):
            digits = "".join(sign for sign in run if "0" <= sign <= "9")
            if 7 <= len(digits) <= 15:
                joined[digits] = None
                if len(digits) > 9:
                    joined.update(dict.fromkeys((digits[1:], digits[2:], digits[3:], digits[-4:])))
    return list(dict.fromkeys([*list(found)[:80], *list(joined)[:20]]))


def _fill(bind: Any) -> None:
    entries = sa.table(
        "search_entries",
        *(sa.column(n) for n in ("id", "subject_type", "subject_id", "organization_id", "title", "rest")),
        sa.column("document", sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql")),
    )
    index = sa.text("INSERT INTO search_index (rowid, document) VALUES (:id, :document)")
    n = 0
    for things in (_depositions(bind), _prescreens(bind), _inspections(bind)):
        for portion in things:
            rows, documents = [], []
            for kind, id, organization, titles, others in portion:
                n += 1
                title = _words(*titles)
                rest = [word for word in _words(*others) if word not in title]
                begin = {word[:rung] for word in (*title, *rest) for rung in LADDER if rung <= len(word)}
                lexemes = sorted((f"{MARK}{kind}", f"{MARK}{kind}{organization}", *begin))
                row = {"id": n, "subject_type": kind, "subject_id": id, "organization_id": organization}
                row |= {"title": " ".join(title), "rest": " ".join(rest)}
                if bind.dialect.name == "postgresql":
                    shelves = [f"{MARK}#{bits}.{n >> bits}" for bits in SHELVES]
                    row["document"] = " ".join(f"'{each}'" for each in (*lexemes, *shelves))
                else:
                    documents.append({"id": n, "document": " ".join(lexemes)})
                rows.append(row)
            bind.execute(sa.insert(entries), rows)
            if documents:
                bind.execute(index, documents)
    if n and bind.dialect.name == "postgresql":
        bind.execute(sa.text("SELECT setval('search_entries_id_seq', :n)"), {"n": n})


def _portions(bind: Any, table: Any) -> Iterator[list[Any]]:
    """Every row, the oldest first: what was made last is found first."""
    ids = list(bind.execute(sa.select(table.c.id).order_by(*_age(table), table.c.id)).scalars())
    for start in range(0, len(ids), PORTION):
        portion = ids[start : start + PORTION]
        rows = {row.id: row for row in bind.execute(sa.select(table).where(table.c.id.in_(portion)))}
        yield [rows[id] for id in portion]


def _age(table: Any) -> list[Any]:
    return [sa.column("created_at")] if table.name in ("prescreens", "inspections") else []


Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _depositions(bind: Any) -> Iterator[list[tuple[Any, ...]]]:
    names = ("id", "organization_id", "title", "case_name", "file_number", "deponent_name", "deponent_email")
    table = sa.table("depositions", *(sa.column(name) for name in names), sa.column("invites", Json))
    for rows in _portions(bind, table):
        yield [
            (
                "deposition",
                str(d.id),
                d.organization_id,
                (d.deponent_name, d.case_name),
                (str(d.id), d.file_number, d.title, d.deponent_email, *(each["email"] for each in d.invites)),
            )
            for d in rows
        ]


def _prescreens(bind: Any) -> Iterator[list[tuple[Any, ...]]]:
    names = ("organization_id", "name", "email", "phone")
    table = sa.table("prescreens", sa.column("id", sa.Uuid()), *(sa.column(name) for name in names))
    for rows in _portions(bind, table):
        yield [("prescreen", str(p.id), p.organization_id, (p.name,), (p.email, p.phone, p.id.hex)) for p in rows]


def _inspections(bind: Any) -> Iterator[list[tuple[Any, ...]]]:
    names = ("organization_id", "operator_email", "notes")
    uuids = ("id", "campaign_id")
    table = sa.table("inspections", *(sa.column(n, sa.Uuid()) for n in uuids), *(sa.column(n) for n in names))
    people = ("recipient_first_name", "recipient_last_name", "recipient_email", "recipient_phone")
    keys = ("id", "inspection_id")
    invites = sa.table(
        "invites", *(sa.column(n, sa.Uuid()) for n in keys), sa.column("created_at"), *(sa.column(n) for n in people)
    )
    campaigns = sa.table("campaigns", sa.column("id", sa.Uuid()), sa.column("name"))
    for rows in _portions(bind, table):
        ids = [row.id for row in rows]
        invited: dict[Any, list[Any]] = {}
        mine = sa.select(invites).where(invites.c.inspection_id.in_(ids))
        for each in bind.execute(mine.order_by(invites.c.created_at, invites.c.id)):
            invited.setdefault(each.inspection_id, []).append(each)
        of = sa.select(campaigns).where(campaigns.c.id.in_([row.campaign_id for row in rows if row.campaign_id]))
        named = dict(bind.execute(of).tuples().all())
        found = []
        for i in rows:
            guests = invited.get(i.id, [])
            titles = [f"{each.recipient_first_name} {each.recipient_last_name}" for each in guests]
            others = [text for each in guests for text in (each.recipient_email, each.recipient_phone)]
            rest = (i.id.hex, i.operator_email, named.get(i.campaign_id), *others, i.notes)
            found.append(("inspection", str(i.id), i.organization_id, (i.notes.partition("\n")[0], *titles), rest))
        yield found


def _give_back(bind: Any) -> None:
    entry = sa.table(
        "search_entries",
        *(sa.column(n) for n in ("id", "subject_type", "subject_id", "organization_id", "title", "rest")),
    )
    depositions = sa.table("deposition_words", sa.column("word"), sa.column("deposition_id"))
    prescreens = sa.table(
        "prescreen_words", sa.column("organization_id"), sa.column("word"), sa.column("prescreen_id", sa.Uuid())
    )
    for rows in _portions(bind, entry):
        first, second = [], []
        for row in rows:
            for word in dict.fromkeys(f"{row.title} {row.rest}".split()):
                if row.subject_type == "deposition":
                    first.append({"word": word, "deposition_id": int(row.subject_id)})
                elif row.subject_type == "prescreen":
                    id = UUID(row.subject_id)
                    second.append({"organization_id": row.organization_id, "word": word, "prescreen_id": id})
        if first:
            bind.execute(sa.insert(depositions), first)
        if second:
            bind.execute(sa.insert(prescreens), second)
