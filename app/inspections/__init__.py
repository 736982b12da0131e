"""The inspections room: a stranger with a phone is let into a session, and what happens there is sealed.

Words of this room (source: the Sessions API document):

- *Inspection*: one session; the API calls it Session. Stored states created, open, recording, closed; `expired` is
  computed, so that a stopped worker never makes anything true.
- *Invite*: lets one field user in. A link (token) and, when an address is known, a six-digit code.
- *Chain*: what happened, each event sealed with the hash of the one before it.
- *Anchor*: one time-stamping authority's word on the head of the chain.
"""
