"""Messages: e-mails, text messages, webhooks and jobs that desks send, and the state of their delivery.

The table is the kernel's outbox; this package lists it, and lets users send a message again, dismiss one that failed,
or restore it. On a development machine it also shows the mail that was not really sent (public.py).
"""
