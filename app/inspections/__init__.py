"""The inspections desk: a field user with a phone joins a session, and what happens in it is sealed in a hash chain.

Terms (source: the Sessions API document):

- *Inspection*: one session; the API calls it Session. Stored states created, open, recording, closed; `expired` is
  computed, so it does not depend on the worker.
- *Invite*: lets one field user join. A link (token) and, when an address is known, a six-digit code.
- *Chain*: the events of a session, each sealed with the hash of the one before it.
- *Anchor*: the time stamp of one authority over the head of the chain.
"""
