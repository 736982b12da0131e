"""Pure decisions of the depositions desk: no database, no Flask, no clock.

`transitions`: states, and which verbs each allows. `new_request`: what a request must say, and what its wall time
means. `flags`: what is unusual about it. `settings`: what an organization may choose.
"""
