"""Outgoing messages: the outbox table, the worker's claims on it, and the channels (e-mail, SMS, webhooks)."""
