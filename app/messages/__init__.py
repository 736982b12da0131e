"""Deliveries: what left the house, or should have. Letters, text messages, webhooks, and work due at a time.

Standings: queued → sent, or failing (tried, will be tried again) → dead; dropped when it was taken back in time or
came too late to be of use. Staff see the messages of their desks, never what secret ones held.
"""
