"""The pages: the queue, one deposition, and the session's own page."""


def test_list(client, cast, database):
    cast.sign_in(client, "ines")
    assert client.get("/depositions").status_code == 200
