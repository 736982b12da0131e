"""A full database of an earlier version, upgraded: renaming and rebuilding lose nothing that people rely on.

`database.jsonl` holds every row of a database at migration 0011, as neutral text: a line names a table with its columns
and their types, the lines after it are its rows. Counters and hourly statistics are left out, because the triggers of
that migration make them from the rows. `facts.json` says what that version showed of it: which rows stood in which
list, whose session a cookie opened, which links had been mailed. `old_kinds.txt` holds every kind of event it recorded.

Both files were made by the version before the renaming, with the settings of `Config.for_tests` and the clock at the
moment that the first line of `database.jsonl` names. Its demonstration data were cut down to a few rows of every state;
then real actions added what these lack: each kind of event, each channel of the outbox in each state, pending decisions
before and after their end, saved views of every owner with every filter, tags, notes, presence, keys, second factors,
signed links. No later version can make these files again, so the script is not kept; what they hold is changed by hand
only when a rule of the product changes on purpose, never to make a test pass.

`product.py` is the only module here that imports the application. All others know it by addresses, by the names that
people see, and by SQL on the old tables.
"""
