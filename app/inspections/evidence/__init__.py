"""Evidence: photos, notes and documents of an inspection, kept untouched and named by the chain.

`models` has the tables, `rules` who may add what, `pictures` what a file is and how a place is cut from it, `receipt`
how it is received, `copies` the cleaned copies that people look at.
"""
