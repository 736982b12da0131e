"""Reads of the prescreens room.

`stages`: which rows a status means, and how many they are. `api`: the documented list and the single session.
`desk`: the staff list with its tabs, groups and search. `detail`: one prescreen and what lies around it.
`chat`: what the public pages need. `contacts`: who answered.
"""
