"""The queue page."""

from django.contrib import admin

from bench.peers.contract import QUEUE_PAGE
from bench.peers.with_django.models import Prescreen


@admin.register(Prescreen)
class Queue(admin.ModelAdmin):
    list_display = ("name", "email", "organization", "template", "locale", "status", "reviewer", "created_at")
    list_filter = ("status",)
    list_select_related = ("organization", "reviewer")
    search_fields = ("name", "email")
    ordering = ("-created_at", "-id")
    list_per_page = QUEUE_PAGE
