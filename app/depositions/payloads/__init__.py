"""The depositions API in types. `incoming`: what clients may send; `outgoing`: what they get."""
