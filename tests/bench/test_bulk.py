"""What the bench measures by the piece: messages that the worker can send, and the CSV of every row."""

import csv
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest
from flask.testing import FlaskClient

from app.inspections import nightly
from app.kernel import clock
from app.kernel.db.engine import Database
from bench import bulk, data, rows, world
from bench.load import Refused
from bench.run import SCHEDULER
from tests.outgoing import MailServer, Outbox, Receiver

ROWS = 220


def fill(database: Database) -> None:
    data.fill(database, ROWS, clock.now())


pytestmark = pytest.mark.filled(by=(fill,))


@pytest.mark.config(webhook_allowed_networks=(ip_network("127.0.0.0/8"),))
def test_its_webhooks_reach_a_receiver(database: Database) -> None:
    with Receiver() as receiver:
        bulk.queue(database, bulk.notice, receiver.url, 3)
        assert bulk.waiting(database) == 3
        Outbox(database).deliver_all()
        assert bulk.waiting(database) == 0
        assert len(receiver.got) == 3


def test_its_emails_reach_a_mail_server(database: Database) -> None:
    with MailServer() as mails:
        bulk.queue(database, bulk.mail, "", 3)
        sending = Database(replace(database.config, smtp_url=mails.url))
        Outbox(sending).deliver_all()
        sending.dispose()
        assert bulk.waiting(database) == 0
        assert {mail["To"] for mail in mails.mails} >= {f"Ada Keller <guest{i}@example.com>" for i in range(3)}


def test_no_record_is_verified_while_messages_are_measured(database: Database) -> None:
    bulk.rest_tonight(database)
    for later in (timedelta(0), timedelta(hours=20)):
        assert nightly.verify_portion(database, clock.now() + later) is False
    assert nightly.verify_portion(database, clock.now() + timedelta(days=3)) is True


def test_a_message_that_is_given_up_is_no_figure(database: Database) -> None:
    bulk.queue(database, bulk.notice, "http://127.0.0.1:9/", 1)  # a network that is not allowed
    Outbox(database).deliver_all()
    with pytest.raises(Refused, match="gave messages up"):
        bulk.waiting(database)


def test_the_csv_has_every_row_or_those_of_one_organization(app: object, client: FlaskClient) -> None:
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = world.sign_in_token(SCHEDULER), True
    mine = sum(rows.organization_of(i) == 2 for i in range(1, ROWS + 1))
    for n, wanted in ((ROWS, ROWS), (bulk.MOST_ROWS + 1, mine)):
        answer = client.get(bulk.address(n))
        assert answer.status_code == 200
        assert len(list(csv.reader(answer.text.splitlines()))) - 1 == wanted
