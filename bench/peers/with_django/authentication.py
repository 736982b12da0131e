"""Who calls: the organization of an API key."""

from rest_framework import authentication, exceptions
from rest_framework.request import Request

from bench.peers.contract import bearer
from bench.peers.with_django.models import ApiKey


class Caller:
    """Who calls, as permissions ask for it."""

    is_authenticated = True

    def __init__(self, organization: int) -> None:
        self.organization = organization


class Key(authentication.BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Caller, ApiKey]:
        secret = bearer(request.META.get("HTTP_AUTHORIZATION"))
        key = ApiKey.objects.filter(secret_sha256=secret, revoked_at__isnull=True).first()
        if key is None:
            raise exceptions.AuthenticationFailed
        return Caller(key.organization_id), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
