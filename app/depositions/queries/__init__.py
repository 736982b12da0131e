"""Reads of the depositions desk. `detail`: one deposition, and the API's list; `listing`: the desk's list and its
urgency groups, `tabs`: what its tabs hold, `counts`: how many; `managers`: who can manage a session, and when they are
busy; `search`: what is found."""
