"""Capacity: what is asked for on the next business days, what is expected beyond it, and how much the team can hold.

Pure: no database. `forecast.py` expects, `feasible.py` says what can be held at its hours, and `days.py` puts both
together and into words.
"""
