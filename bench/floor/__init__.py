"""The floor: the same work on the same tables by a bare WSGI function with hand-written SQL, f-strings and orjson.

Not a framework and not safe to serve: a limit, beside which the product is put. It looks bearers and sign-ins up, reads
and writes the same rows, counters and history, and answers the same bytes. What it leaves out is what the product adds:
rate limits, scopes, the order of refusals, encryption at rest, CSRF, security headers, logs, metrics.
"""
