"""The same tables as the other programs have (bench/peers/tables.py)."""

from django.db import models

from bench.peers.contract import STATUSES


class Organization(models.Model):
    slug = models.CharField(max_length=60)
    name = models.CharField(max_length=200)

    class Meta:
        managed = False
        db_table = "organizations"

    def __str__(self) -> str:
        return self.name


class Person(models.Model):
    email = models.CharField(max_length=254)
    name = models.CharField(max_length=200)

    class Meta:
        managed = False
        db_table = "people"

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    organization = models.ForeignKey(Organization, models.CASCADE)
    secret_sha256 = models.CharField(max_length=64)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "api_keys"


class Prescreen(models.Model):
    uid = models.CharField(max_length=32, unique=True)
    organization = models.ForeignKey(Organization, models.CASCADE)
    status = models.CharField(max_length=10, choices=[(each, each) for each in STATUSES])
    template = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    email = models.CharField(max_length=254)
    locale = models.CharField(max_length=10)
    submission = models.JSONField()
    reviewer = models.ForeignKey(Person, models.SET_NULL, null=True)
    notes = models.TextField(null=True)
    version = models.IntegerField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "prescreens"


class IdempotencyKey(models.Model):
    organization_id = models.IntegerField()
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    prescreen_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "idempotency_keys"


class Event(models.Model):
    prescreen_id = models.BigIntegerField()
    actor = models.CharField(max_length=60)
    kind = models.CharField(max_length=40)
    data = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "events"
