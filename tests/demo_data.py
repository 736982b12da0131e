"""The demonstration data as a filling of test databases: `@pytest.mark.filled(by=(demo_data.load,))`."""

from app import demo
from app.kernel.clock import now
from app.kernel.db.engine import Database


def load(database: Database) -> None:
    """Loads the demonstration data of every desk."""
    demo.load(database, now())
