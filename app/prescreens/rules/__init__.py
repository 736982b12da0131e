"""Pure decisions of the prescreens room: no database, no Flask, no clock.

`review`: states, moves, expiry, and who may be reviewed when. `answers`: what a question accepts and which one is next.
"""
