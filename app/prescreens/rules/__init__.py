"""Rules of the prescreens desk: pure functions without database, Flask or clock.

`review`: states, transitions, expiry, and when a prescreen can be reviewed. `answers`: what a question accepts and
which one is next.
"""
