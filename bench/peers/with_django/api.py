"""The API by the generic views of Django's REST framework."""

from typing import Any

from django.db import transaction
from rest_framework import exceptions, generics, pagination, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from bench.peers.contract import (
    DECISIONS,
    EMAIL,
    NAME_LENGTH,
    NOTES_LENGTH,
    PAGE,
    TEMPLATES,
    fingerprint,
    new_uid,
    now,
)
from bench.peers.with_django.models import Event, IdempotencyKey, Prescreen


class Shown(serializers.ModelSerializer):
    organization_id = serializers.IntegerField()
    reviewer_id = serializers.IntegerField()

    class Meta:
        model = Prescreen
        fields = [
            "id",
            "uid",
            "organization_id",
            "status",
            "template",
            "name",
            "email",
            "locale",
            "submission",
            "reviewer_id",
            "notes",
            "version",
            "created_at",
            "updated_at",
        ]


class New(serializers.Serializer):
    template = serializers.ChoiceField(TEMPLATES)
    name = serializers.CharField(max_length=NAME_LENGTH)
    email = serializers.RegexField(EMAIL, max_length=254)
    locale = serializers.CharField(max_length=10, default="en")
    submission = serializers.DictField()


class Decision(serializers.Serializer):
    status = serializers.ChoiceField(DECISIONS)
    notes = serializers.CharField(max_length=NOTES_LENGTH, required=False, allow_null=True)


class ByCursor(pagination.CursorPagination):
    page_size = PAGE
    page_size_query_param = "limit"
    ordering = ("-created_at", "-id")


class ByNumber(pagination.PageNumberPagination):
    page_size = PAGE
    page_size_query_param = "limit"


class Conflict(exceptions.APIException):
    status_code = 409


class Sessions(generics.ListAPIView):
    serializer_class = Shown

    @property
    def paginator(self) -> pagination.BasePagination:
        if not hasattr(self, "_chosen"):
            self._chosen = ByNumber() if "page" in self.request.GET else ByCursor()
        return self._chosen

    def get_queryset(self) -> Any:
        mine = Prescreen.objects.filter(organization_id=self.request.user.organization)
        if "page" in self.request.GET:
            mine = mine.filter(status=self.request.GET.get("status", "waiting"))
        return mine.order_by("-created_at", "-id")

    def post(self, request: Request) -> Response:
        form = New(data=request.data)
        form.is_valid(raise_exception=True)
        given, organization, at = form.validated_data, request.user.organization, now()
        mark = fingerprint(repr(sorted(given.items())))
        with transaction.atomic():
            kept = None
            if key := request.META.get("HTTP_IDEMPOTENCY_KEY"):
                kept, new = IdempotencyKey.objects.get_or_create(
                    organization_id=organization, key=key, defaults={"fingerprint": mark, "created_at": at}
                )
                if not new:
                    if kept.fingerprint != mark:
                        raise Conflict
                    return Response(Shown(Prescreen.objects.get(pk=kept.prescreen_id)).data, 201)
            facts = {"uid": new_uid(), "organization_id": organization, "status": "draft", "version": 1}
            made = Prescreen.objects.create(**facts, **given, created_at=at, updated_at=at)
            Event.objects.create(
                prescreen_id=made.id,
                actor=f"organization {organization}",
                kind="created",
                data={"status": "draft"},
                created_at=at,
            )
            if kept is not None:
                kept.prescreen_id = made.id
                kept.save(update_fields=["prescreen_id"])
        return Response(Shown(made).data, 201)


class Session(generics.RetrieveAPIView):
    serializer_class = Shown
    lookup_field = "uid"

    def get_queryset(self) -> Any:
        return Prescreen.objects.filter(organization_id=self.request.user.organization)

    def patch(self, request: Request, uid: str) -> Response:
        form = Decision(data=request.data)
        form.is_valid(raise_exception=True)
        status, notes, at = form.validated_data["status"], form.validated_data.get("notes"), now()
        with transaction.atomic():
            found = generics.get_object_or_404(self.get_queryset().select_for_update(), uid=uid)
            if found.status != "waiting":
                raise Conflict
            found.status, found.notes, found.reviewer_id = status, notes, 1
            found.version, found.updated_at = found.version + 1, at
            found.save()
            Event.objects.create(
                prescreen_id=found.id, actor="person 1", kind=status, data={"notes": notes}, created_at=at
            )
        return Response(Shown(found).data)
