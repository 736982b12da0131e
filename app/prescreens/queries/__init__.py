"""Reads of the prescreens desk.

`listing`: the list with its tabs and groups, `counts`: their numbers, `detail`: one prescreen, `contacts`: contacts and
their prescreens, `questionnaires`: questionnaires and their versions, `search`: search documents, `api`: the documented
list and session, `stages`: conditions and counts by status.
"""
