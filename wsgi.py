"""For any WSGI server that buffers requests and answers: `wsgi:app`. `desk serve` does not need it."""

from app import create_app
from app.config import Config

app = create_app(Config.from_env())
