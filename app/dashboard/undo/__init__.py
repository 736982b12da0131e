"""Hold, then final: an act that cannot be taken back waits a moment, visibly, in which it can still be undone.

A hold lives on the server: it outlasts a closed tab and follows its person from page to page. Until `final_at` nothing
is written and nothing leaves; from `final_at` on nobody can undo it, whether or not a worker has come by (time-outs
are computed on read). Whoever writes it down does so exactly once.

A room lets its acts be held in three steps: its press calls `actions.press`, its immediate way calls
`actions.overtake`, and the `actions.Finalizer` of its desk does the act when the time has come. Everybody locks in
one order, the thing first and its hold after it, so that a press, an API call and two workers never block each other.
"""
