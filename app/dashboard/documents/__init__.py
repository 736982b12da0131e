"""Documents that the worker makes: files that take long, kept for some days in the store beside the evidence.

A desk declares each kind (`kinds.Kind`) in its `desk.py`; `actions.request` asks for one, `jobs.make` makes it,
`presentation.latest` and templates/macros/documents.html show how far it is, and `views` serves the file.
"""
