"""A plan: which manager is to take each session that needs one, with the reasons in words.

`facts` are what it is made of, `costs` what a manager costs for a session, `solver` finds the best assignment, and
`words` says why. Pure: no database; the solver is imported when a plan is asked for.
"""
