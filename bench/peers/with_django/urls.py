"""Addresses."""

from django.contrib import admin
from django.http import HttpRequest, JsonResponse
from django.urls import path

from bench.peers.with_django.api import Session, Sessions


def live(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"ok": True})


urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/sessions", Sessions.as_view()),
    path("api/v1/sessions/<str:uid>", Session.as_view()),
    path("health/live", live),
]
