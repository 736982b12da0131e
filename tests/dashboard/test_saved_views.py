"""Saved views: a name for an address, one's own or a team's; never a way to see more."""

import threading
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.dashboard.saved_views import actions, owners, query_strings
from app.dashboard.saved_views.models import SavedView
from app.kernel.changes import events
from app.kernel.clock import now
from app.kernel.errors import Conflict, Denied, Invalid, NotFound
from tests.accounts.browser import post
from tests.cast import Cast
from tests.dashboard.readers import reader
from tests.prescreens.factories import prescreen

LIST = "/prescreens?left=7&state=waiting"


def save(database, cast: Cast, who: str, name: str, place: str = "", query: str = "left=7", desk="prescreens") -> int:
    person = reader(cast, who)
    with database.write() as db:
        return actions.save(
            db, person, desk, place or owners.own(person.id), name, query, by=cast.actor(who), now=now()
        )


def named(database, cast: Cast, who: str, desk: str = "prescreens") -> list[str]:
    with database.read() as db:
        return [row.name for row in actions.listed(db, reader(cast, who), desk)]


def team(cast: Cast, slug: str) -> str:
    return owners.of_organization(cast.organizations[slug].id)


# Whose


def test_ones_own_view_is_nobody_elses(database, cast):
    id = save(database, cast, "lena", "Mine")
    assert named(database, cast, "lena") == ["Mine"]
    for other in ("mira", "adam", "lars", "hugo"):
        assert named(database, cast, other) == []
        with database.read() as db, pytest.raises(NotFound):
            actions.get(db, id, reader(cast, other))


def test_a_teams_view_is_seen_in_the_team_and_nowhere_else(database, cast):
    save(database, cast, "lena", "Ours", team(cast, "marston"))
    assert [named(database, cast, who) for who in ("lena", "mira", "adam", "aude")] == [["Ours"]] * 4
    # The house is a team of its own, other organizations are strangers, and Otto has another desk.
    assert [named(database, cast, who) for who in ("lars", "abel", "hugo", "ines", "otto", "nora")] == [[]] * 6


def test_the_staff_view_is_seen_by_staff_only(database, cast):
    save(database, cast, "ines", "The house's", owners.STAFF, desk="depositions")
    assert named(database, cast, "ada", "depositions") == ["The house's"]
    assert named(database, cast, "adam", "depositions") == []


@pytest.mark.parametrize("who", ["aude", "ada"])
def test_who_only_looks_saves_for_themselves_alone(database, cast, who):
    save(database, cast, who, "What I look at")
    place = team(cast, "marston") if who == "aude" else owners.STAFF
    with pytest.raises(Denied, match="for yourself"):
        save(database, cast, who, "For all", place)


@pytest.mark.parametrize("place", ["organization:{harbor}", "house", "person:{mira}", "organization:999999", "x"])
def test_nobody_saves_in_a_place_that_is_not_theirs(database, cast, place):
    place = place.format(harbor=cast.harbor.id, mira=cast.mira.id)
    with pytest.raises(Denied):
        save(database, cast, "lena", "Theirs", place)


def test_a_teams_view_is_changed_by_its_maker_and_administrators(database, cast):
    id = save(database, cast, "lena", "Ours", team(cast, "marston"))
    for who, verdict in {"mira": Denied, "aude": Denied, "lars": NotFound, "hugo": NotFound}.items():
        with database.write() as db, pytest.raises(verdict):
            actions.rename(db, reader(cast, who), id, "Mine now", version=1, by=cast.actor(who), now=now())
        with database.write() as db, pytest.raises(verdict):
            actions.remove(db, reader(cast, who), id, by=cast.actor(who), now=now())
    with database.write() as db:
        actions.rename(db, reader(cast, "adam"), id, "Adam's word", version=1, by=cast.actor("adam"), now=now())
    assert named(database, cast, "mira") == ["Adam's word"]
    with database.write() as db:
        actions.remove(db, reader(cast, "lena"), id, by=cast.actor("lena"), now=now())
    assert named(database, cast, "mira") == []
    with database.read() as db:
        kinds = [event.kind for event in events.timeline(db, actions.SUBJECT, id)]
    assert kinds == ["view.removed", "view.renamed", "view.saved"]


def test_who_left_the_team_no_longer_changes_what_they_made_there(database, cast):
    id = save(database, cast, "lena", "Ours", team(cast, "marston"))
    gone = reader(cast, "nora")
    gone.id = cast.lena.id
    with database.write() as db, pytest.raises(NotFound):
        actions.remove(db, gone, id, by=cast.actor("lena"), now=now())


# Names, numbers, order


@pytest.mark.parametrize("again", ["Expiring soon", "  expiring   SOON ", "Ｅxpiring soon"])
def test_a_name_stands_once_in_a_place(database, cast, again):
    save(database, cast, "lena", "Expiring soon")
    with pytest.raises(Invalid, match="already") as refused:
        save(database, cast, "lena", again, query="left=3")
    assert refused.value.status == 409
    save(database, cast, "mira", again)
    save(database, cast, "lena", again, team(cast, "marston"))


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x07b", "two\nlines"])
def test_a_name_is_one_short_line(database, cast, name):
    with pytest.raises(Invalid):
        save(database, cast, "lena", name)


def test_thirty_are_enough(database, cast):
    for n in range(actions.MOST):
        save(database, cast, "lena", f"View {n}")
    with pytest.raises(Conflict, match="30 views"):
        save(database, cast, "lena", "One more")
    save(database, cast, "mira", "Mine")


def test_views_of_a_team_that_one_has_left_count_no_more(database, cast):
    for n in range(actions.MOST):
        save(database, cast, "lena", f"View {n}", team(cast, "marston"))
    moved = reader(cast, "lars")
    moved.id = cast.lena.id
    with database.write() as db:
        assert actions.listed(db, moved, "prescreens") == []
        actions.save(db, moved, "prescreens", owners.own(moved.id), "Mine", "left=3", by=cast.actor("lena"), now=now())


def test_views_at_a_desk_that_one_has_left_count_no_more(database, cast):
    for n in range(actions.MOST):
        save(database, cast, "lena", f"View {n}")
    moved = reader(cast, "otto")
    moved.id = cast.lena.id
    with database.write() as db:
        actions.save(db, moved, "inspections", owners.own(moved.id), "Mine", "", by=cast.actor("lena"), now=now())


def test_of_two_who_save_at_once_neither_passes_the_limit(database, cast):
    for n in range(actions.MOST - 1):
        save(database, cast, "lena", f"View {n}")
    ready, outcomes = threading.Barrier(2), []

    def press(name: str) -> None:
        ready.wait()
        try:
            outcomes.append(bool(save(database, cast, "lena", name)))
        except Conflict:
            outcomes.append(False)

    pressing = [threading.Thread(target=press, args=(name,)) for name in ("One", "Another")]
    [each.start() for each in pressing]
    [each.join() for each in pressing]
    assert sorted(outcomes) == [False, True]


def test_one_of_two_gets_the_name(database, cast):
    ids = [save(database, cast, who, f"{who}'s", team(cast, "marston")) for who in ("lena", "mira")]
    ready, outcomes = threading.Barrier(2), []

    def press(who: str, id: int) -> None:
        ready.wait()
        try:
            with database.write() as db:
                actions.rename(db, reader(cast, who), id, "Friday", version=1, by=cast.actor(who), now=now())
            outcomes.append("renamed")
        except Invalid as refusal:
            outcomes.append(refusal.code)

    pressing = [threading.Thread(target=press, args=pair) for pair in zip(("lena", "mira"), ids, strict=True)]
    [each.start() for each in pressing]
    [each.join() for each in pressing]
    assert sorted(outcomes) == ["renamed", "view.name_taken"]


def test_a_stale_rename_does_not_overwrite(database, cast):
    id = save(database, cast, "lena", "Ours", team(cast, "marston"))
    with database.write() as db:
        actions.rename(db, reader(cast, "adam"), id, "Adam's", version=1, by=cast.actor("adam"), now=now())
    with database.write() as db, pytest.raises(Conflict, match="Adam's"):
        actions.rename(db, reader(cast, "lena"), id, "Lena's", version=1, by=cast.actor("lena"), now=now())


def test_views_are_put_in_order(database, cast):
    ids = [save(database, cast, "lena", name) for name in "ABC"]

    def move(id: int, up: bool) -> None:
        with database.write() as db:
            actions.move(db, reader(cast, "lena"), id, up=up, by=cast.actor("lena"), now=now())

    move(ids[2], up=True)
    assert named(database, cast, "lena") == ["A", "C", "B"]
    move(ids[0], up=True)
    move(ids[1], up=False)
    assert named(database, cast, "lena") == ["A", "C", "B"]
    save(database, cast, "lena", "Ours", team(cast, "marston"))
    assert named(database, cast, "lena") == ["A", "C", "B", "Ours"]


# Addresses

NAMES = st.sampled_from(["view", "state", "q", "organization", "from", "to", "sort", "tag"])
VALUES = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cf", "Co", "Cn", "Zl", "Zp", "Zs")), min_size=1, max_size=30
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault
@given(st.dictionaries(NAMES, VALUES | st.lists(VALUES, min_size=1, max_size=3, unique=True), max_size=8))
def test_arguments_survive_being_an_address(args):
    query = query_strings.canonical(args)
    assume(len(query) <= query_strings.LONGEST)
    there = {(name, value) for name, v in args.items() for value in (v if isinstance(v, list) else [v])}
    assert set(parse_qsl(query)) == there
    assert query_strings.typed(query) == query
    assert query_strings.canonical(parse_qsl(query)) == query


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8), st.randoms())
def test_order_says_nothing(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    assert query_strings.canonical(pairs) == query_strings.canonical(shuffled)


@given(st.text(max_size=400))
def test_whatever_is_sent_becomes_an_address_or_a_sentence(text):
    try:
        query = query_strings.typed(text)
    except Invalid:
        return
    assert query_strings.typed(query) == query
    assert len(query) <= query_strings.LONGEST


def test_where_one_was_in_the_list_is_no_part_of_a_view():
    asked = {"view": "soon", "after": "abc.def", "page": "3", "q": "", "state": None, "poll": 1}
    assert query_strings.canonical(asked) == "view=soon"


def test_a_sorted_list_is_the_same_list_to_looks_and_notes():
    keys = {query_strings.key("depositions", query) for query in ("view=soon", "sort=starts&view=soon")}
    assert len(keys) == 1
    assert query_strings.key("inspections", "view=soon") not in keys


# Pages


def test_a_view_is_saved_lit_and_removed(app, database, cast, client):
    prescreen(database, cast.marston.id)
    cast.sign_in(client, "lena")
    page = client.get(LIST).text
    assert 'name="query" value="left=7"' in page
    answer = post(client, "/views/prescreens/save", {"name": "My <b>week</b>", "query": "left=7", "place": ""})
    assert (answer.status_code, answer.location) == (303, "/prescreens?left=7")
    page = client.get(answer.location).text
    assert "My &lt;b&gt;week&lt;/b&gt;" in page
    assert page.count('aria-current="page"') - page.split('id="nav"')[1].split("</nav>")[0].count("aria-current") == 1
    assert "Save this view" not in page
    with database.read() as db:
        id = db.execute(select(SavedView.id)).scalar_one()
    page = client.get("/views").text
    assert "My &lt;b&gt;week&lt;/b&gt;" in page
    answer = post(client, f"/views/{id}/rename", {"name": "My week", "version": 1})
    assert answer.location == "/views"
    assert post(client, f"/views/{id}/move", {"to": "earlier"}).status_code == 303
    assert post(client, f"/views/{id}/move", {"to": "sideways"}).status_code == 422
    assert post(client, f"/views/{id}/remove").location == "/views"
    assert "My week" not in client.get("/prescreens").text.replace("Removed “My week”", "")


def test_a_name_that_is_taken_is_refused_beside_the_form(database, cast, client):
    cast.sign_in(client, "lena")
    for status in (303, 409):
        answer = post(client, "/views/prescreens/save", {"name": "Twice", "query": "left=7"})
        assert answer.status_code == status
    assert "There is a view called “Twice” already" in answer.text


@pytest.mark.parametrize("desk", ["depositions", "inspections", "people", "x"])
def test_nobody_saves_at_a_desk_they_do_not_have(cast, client, desk):
    cast.sign_in(client, "lena")
    assert post(client, f"/views/{desk}/save", {"name": "Mine", "query": ""}).status_code == 404


@pytest.mark.parametrize(
    "query", ["state=gone", "left=x", "q=%00", "template=nonsense", "_external=1&endpoint=x", "a=" + "b" * 250]
)
def test_a_view_that_no_list_understands_is_a_sentence_not_a_fault(cast, client, query):
    cast.sign_in(client, "lena")
    answer = post(client, "/views/prescreens/save", {"name": "Old", "query": query})
    assert answer.status_code == 303
    assert client.get(answer.location).status_code in (200, 303, 400, 422)
    assert "Old" in client.get("/views").text


def test_a_shared_view_shows_each_reader_only_what_is_theirs(database, cast, client, app):
    """A view made where one sees an organization shows nothing of it to who does not."""
    prescreen(database, cast.harbor.id, given={"fullName": "Harbor Person"})
    query = f"organization={cast.harbor.id}"
    cast.sign_in(client, "hugo")
    post(client, "/views/prescreens/save", {"name": "Harbor", "query": query, "place": "house"})
    assert "Harbor Person" in client.get(f"/prescreens?{query}").text
    stranger = cast.sign_in(app.test_client(), "lena")
    post(stranger, "/views/prescreens/save", {"name": "Theirs", "query": query})
    assert "Harbor Person" not in stranger.get(f"/prescreens?{query}").text


def test_views_of_strangers_answer_like_views_that_never_were(database, cast, client):
    id = save(database, cast, "lars", "Theirs", team(cast, "harbor"))
    cast.sign_in(client, "lena")
    for there in (id, 987654):
        for verb, data in {"rename": {"name": "x", "version": 1}, "move": {"to": "later"}, "remove": {}}.items():
            answer = post(client, f"/views/{there}/{verb}", data)
            assert answer.status_code == 404
            assert actions.GONE.split(",")[0] in answer.text
