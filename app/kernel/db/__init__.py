"""The database: engines and sessions, transactions, migrations, counters, pagination, idempotency keys."""
