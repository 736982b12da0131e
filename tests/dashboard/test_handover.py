"""Notes handed over on a list: who reads them, who writes them, and that nobody writes over what they have not seen."""

import threading

import pytest

from app.dashboard.saved_views import handover_notes, owners
from app.kernel.changes import events
from app.kernel.clock import now
from app.kernel.errors import Denied, Invalid, NotFound
from tests.accounts.browser import post
from tests.cast import Cast
from tests.dashboard.readers import reader

STOPPED = "I stopped at Marston, Ana continues."


def team(cast: Cast, slug: str = "marston") -> str:
    return owners.of_organization(cast.organizations[slug].id)


def write(database, cast, who, text=STOPPED, *, seen=0, place="", query="", desk="prescreens"):
    with database.write() as db:
        return handover_notes.write(
            db,
            reader(cast, who),
            desk,
            place or team(cast),
            query,
            text,
            seen=seen,
            by=cast.actor(who),
            now=now(),
        )


def kinds(database, id):
    with database.read() as db:
        return [event.kind for event in events.timeline(db, handover_notes.SUBJECT, id)]


def test_a_note_is_left_changed_and_cleared(database, cast):
    first = write(database, cast, "lena")
    assert (first.saved, first.note.text, first.note.written_by_name) == (True, STOPPED, "Lena Ortiz")
    second = write(database, cast, "mira", "Now at Vale.", seen=1)
    assert (second.saved, second.note.written_by_name, second.note.version) == (True, "Mira Haddad", 2)
    cleared = write(database, cast, "lena", "  \n ", seen=2)
    assert (cleared.saved, cleared.note.text, cleared.note.version) == (True, "", 3)
    again = write(database, cast, "lena", "Once more.", seen=3)
    assert again.saved
    assert kinds(database, first.note.id) == ["note.written", "note.cleared", "note.written", "note.written"]


@pytest.mark.parametrize("seen", [0, 1, 7])
def test_a_note_somebody_changed_is_not_written_over(database, cast, seen):
    write(database, cast, "lena")
    write(database, cast, "mira", "Mira's.", seen=1)
    lost = write(database, cast, "lena", "Lena's.", seen=seen)
    assert not lost.saved
    assert lost.note.text == "Mira's."
    assert kinds(database, lost.note.id) == ["note.written", "note.written"]


def test_saying_the_same_twice_is_said_once(database, cast):
    write(database, cast, "lena")
    assert write(database, cast, "lena", seen=1).note.version == 1


def test_of_two_first_notes_one_is_kept(database, cast):
    ready, saved = threading.Barrier(2), []

    def press(who: str) -> None:
        ready.wait()
        saved.append(write(database, cast, who, f"{who} was here").saved)

    pressing = [threading.Thread(target=press, args=(who,)) for who in ("lena", "mira")]
    [each.start() for each in pressing]
    [each.join() for each in pressing]
    assert sorted(saved) == [False, True]


@pytest.mark.parametrize(
    ("who", "desk"), [("aude", "prescreens"), ("adam", "prescreens"), ("otto", "prescreens"), ("lars", "prescreens")]
)
def test_who_does_not_work_there_writes_nothing(database, cast, who, desk):
    with pytest.raises(Denied):
        write(database, cast, who, desk=desk)


@pytest.mark.parametrize("place", ["house", "person:1", "organization:999", "", "organization:"])
def test_a_note_belongs_to_a_team_one_works_in(database, cast, place):
    with database.write(), pytest.raises(Denied):
        handover_notes.check_write(reader(cast, "lena"), "prescreens", place)


@pytest.mark.parametrize("text", ["", "   "])
def test_nothing_written_is_nothing(database, cast, text):
    with pytest.raises(Invalid):
        write(database, cast, "lena", text)


def test_a_note_is_short(database, cast):
    with pytest.raises(Invalid, match="500"):
        write(database, cast, "lena", "x" * 501)


def test_notes_of_other_teams_are_not_there(database, cast):
    id = write(database, cast, "lena").note.id
    for who in ("lena", "adam", "aude"):
        with database.read() as db:
            assert handover_notes.get(db, id, reader(cast, who)).text == STOPPED
    for who in ("lars", "otto", "hugo", "ines", "nora"):
        with database.read() as db, pytest.raises(NotFound):
            handover_notes.get(db, id, reader(cast, who))


# Pages


def test_the_team_reads_it_above_the_list(database, cast, client, app):
    cast.sign_in(client, "lena")
    assert "Leave a note" in client.get("/prescreens").text
    sent = {"query": "", "place": team(cast), "version": 0, "text": "<i>Stopped</i> at Jane."}
    answer = post(client, "/views/prescreens/note", sent)
    assert (answer.status_code, answer.location) == (303, "/prescreens")
    for who, shown in {"mira": True, "aude": True, "lars": False, "hugo": False}.items():
        page = cast.sign_in(app.test_client(), who).get("/prescreens").text
        assert ("&lt;i&gt;Stopped&lt;/i&gt; at Jane." in page) is shown
    assert "Jane." not in client.get("/prescreens?left=7").text


def test_another_desks_list_has_another_note(database, cast, client):
    write(database, cast, "mira", desk="prescreens")
    cast.sign_in(client, "mira")
    assert STOPPED in client.get("/prescreens").text
    assert STOPPED not in client.get("/inspections").text


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_the_loser_sees_both_and_can_go_on(database, cast, client, headers):
    write(database, cast, "mira", "Mira's.")
    cast.sign_in(client, "lena")
    sent = {"query": "", "place": team(cast), "version": 0, "text": "Lena's."}
    answer = post(client, "/views/prescreens/note", sent, headers=headers)
    assert answer.status_code == 409
    assert "Mira Haddad changed this note while you were here" in answer.text
    assert "Mira&#39;s." in answer.text
    assert "Lena&#39;s.</textarea>" in answer.text
    assert 'name="version" type="hidden" value="1"' in answer.text
    assert post(client, "/views/prescreens/note", {**sent, "version": 1}).status_code == 303
    assert "Lena&#39;s." in client.get("/prescreens").text


def test_an_auditor_reads_the_note_and_its_timeline(database, cast, client):
    id = write(database, cast, "lena").note.id
    cast.sign_in(client, "aude")
    page = client.get(f"/views/notes/{id}").text
    assert "Left a note for the team" in page
    assert "Only leasing agents may do this" in page
    assert "<textarea" not in page
    assert post(client, "/views/prescreens/note", {}).status_code == 403


def test_a_strangers_note_answers_like_one_that_never_was(database, cast, client):
    id = write(database, cast, "lena").note.id
    cast.sign_in(client, "lars")
    assert client.get(f"/views/notes/{id}").status_code == client.get("/views/notes/98765").status_code == 404


def test_a_note_newer_than_ones_look_is_marked_on_its_tab(database, cast, client):
    cast.sign_in(client, "lena")
    post(client, "/views/prescreens/save", {"name": "This week", "query": "left=7"})
    assert "a new note" not in client.get("/prescreens").text
    write(database, cast, "mira", query="left=7")
    assert "a new note" in client.get("/prescreens").text
    client.get("/prescreens?left=7")
    assert "a new note" not in client.get("/prescreens").text
