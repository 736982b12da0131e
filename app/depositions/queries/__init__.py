"""Reads of the depositions desk. `detail`: one deposition, and the API's list; `listing`: the desk's list, its urgency
groups, counts and neighbours; `managers`: who can manage a session, and when they are busy; `search`: what is found."""
