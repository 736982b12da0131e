"""Changes: recorded events, and the confirmation of a change before it is made."""
