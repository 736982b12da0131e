"""One search over every desk: what it does with odd text. What it finds is in test_demonstration.py."""

from flask.testing import FlaskClient

from tests.cast import Cast


def test_empty_and_odd_searches(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "adam")
    for text in ("", "   ", "%", "_", "\x00", "\ud800", "x" * 5000, "a'b\"c", "<script>", "9" * 40, "{{7*7}}", "ليلى"):
        answer = client.get("/search", query_string={"q": text.encode("utf-8", "surrogatepass")})
        assert answer.status_code == 200
        assert "<script>" not in answer.text.partition('id="main"')[2]
        assert "49" not in answer.text.partition('id="main"')[2].partition("</main>")[0]
    assert "Nothing to look for yet" in client.get("/search").text
