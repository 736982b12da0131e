"""Compiles the templates of pages ahead, as `python -m compileall` does with modules: python -m app.serving.compile"""

import sys

from app import create_app
from app.config import Config
from app.serving import templates

if __name__ == "__main__":
    sys.exit(0 if templates.keep(create_app(Config()).jinja_env) else f"{templates.kept_in()} cannot be written.")
