"""The WSGI program; as a program of its own it makes Django's tables and the person who signs in."""

import os
import sys
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peers.with_django.settings")


def create_app() -> Any:
    return get_wsgi_application()


def prepare(email: str, password: str) -> None:
    create_app()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    User.objects.create_superuser(email, email, password)


if __name__ == "__main__":
    prepare(*sys.argv[1:])
