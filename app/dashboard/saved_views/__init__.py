"""Saved views of a desk's lists, what is new on them since the user last looked, and notes handed over on them.

A saved view is a list's address with a name; it holds no rows and no rights, so everybody who opens it sees what they
may see anyway. Lists without a name (any combination of filters that is tried) keep neither last-seen times nor notes,
which keeps both tables small. `for_page` reads all of it in one query:

    views = for_page(db(), me(), DEPOSITIONS, args, now, tab=("view",))
    marks = views.mark_rows(db(), "deposition", rows)

"New since you last looked" compares with the end of the last time of looking. That goes on until thirty minutes pass
without a request, so that marks stay while the user works through the list and reloads it; polls of a page that is left
open do not count. The user's own changes are never new (last_seen.py).
"""

from app.dashboard.saved_views.presentation import Views as Views
from app.dashboard.saved_views.presentation import for_page as for_page
from app.dashboard.saved_views.presentation import list_url as list_url
