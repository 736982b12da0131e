"""The depositions desk: sessions that law firms request and the scheduling team books.

Words. A *deposition* is one request and the session it becomes. The *organization* makes the request, through the API
or by phone. The *deponent* answers questions under oath; *invitees* listen in or *host*; both are *participants*. A
*manager* from staff is with them in the video room. The *assignee* is the member of the team who works on the request.
*Self-service* organizations book themselves. A *notice* is what the team writes to the organization.

States. `initial` → `scheduled` (staff) → `active` → `ended`; self-service starts at `ready` in place of `initial` and
`scheduled`; everything before `active` may be `canceled`. On the wire an ended session still reads `active`, for which
the document has no other word, and gains `ended_at`.
"""
