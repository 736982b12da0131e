"""What a desk that has nothing yet leads to: where its items come from, and only what the reader may do."""

import pytest
from flask.testing import FlaskClient

from tests.cast import Cast

WAYS = {
    "depositions": "/docs/api/depositions",
    "prescreens": "/prescreens/questionnaires",
    "inspections": "/docs/api/inspections",
}


@pytest.mark.parametrize(("desk", "way"), WAYS.items())
@pytest.mark.parametrize("called", ["hugo", "ada"])
def test_an_empty_desk_leads_on(client: FlaskClient, cast: Cast, desk: str, way: str, called: str) -> None:
    cast.sign_in(client, called)
    page = client.get(f"/{desk}").text
    empty = page.partition('empty-state"')[2].partition("</div>")[0]
    assert f'href="{way}"' in empty
    assert client.get(way).status_code == 200
    assert ('href="/keys/new"' in empty) is (called == "hugo" and desk != "prescreens")
