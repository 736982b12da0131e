"""The undo window: a decision that cannot be taken back later waits a while, visibly, in which it can be undone.

A pending decision is a row on the server: it outlasts a closed tab and follows its user from page to page. Until
`final_at` nothing is written and nothing is sent; from `final_at` on nobody can undo it, whether or not the worker has
come by (time-outs are computed on read). It is carried out exactly once.

A desk makes a verb pending in three steps: its button calls `actions.decide`, its immediate way (the API) calls
`actions.overtake`, and the `actions.Finalizer` of its desk carries it out when the time has come. All of them lock in
one order, the subject first and its pending decision after it, so that pages, API and workers never block each other.
"""
