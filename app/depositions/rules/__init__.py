"""Pure decisions of the depositions room: no database, no Flask, no clock.

`moves`: states, and who may do what from each. `asking`: what a request must say, and what its wall time means.
`oddities`: what makes a scheduler look twice.
"""
