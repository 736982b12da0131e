"""Evidence: photos, notes and documents of an inspection, kept untouched and named by the chain.

`models` has the tables, `rules` who may add what, `receiving` how it is received. What a file is, where it lies and the
copies that people look at are in `app.files`.
"""
