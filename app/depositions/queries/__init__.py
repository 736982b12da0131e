"""Reads of the depositions room. `requests`: one deposition, and the API's list; `queue`: the desk's list, its urgency
groups, counts and neighbours; `managers`: who may be there, and when they are busy."""
