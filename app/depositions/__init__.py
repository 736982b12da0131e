"""Depositions: sessions that law firms ask for and the scheduling team books.

Words. A *deposition* is one request and the session it becomes. The *organization* asks for it, through the API or by
phone. The *deponent* answers questions under oath; *invitees* listen in or *host*. A *manager* of the house is with
them in the room. *Self-service* organizations book themselves. A *notice* is what the team writes to the organization.

States. `initial` → `scheduled` (staff) → `active` → `ended`; self-service starts at `ready` in place of `initial` and
`scheduled`; everything before `active` may be `canceled`. On the wire an ended session still reads `active`, for which
the document has no other word, and gains `ended_at`.
"""
