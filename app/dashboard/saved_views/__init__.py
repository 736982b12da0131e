"""Named views of a desk's lists: saved ones, what is new on them since one last looked, notes handed over on them.

A view is a list's address with a name; it holds no rows and no rights, so whoever opens it sees what they may see
anyway. Lists that have no name (any combination of filters somebody tries) keep no looks and no notes: that is what
keeps both small. `for_page` gives a list all of it in one query:

    views = for_page(db(), me(), DEPOSITIONS, args(f), now, tab=("view",))
    marks = views.look_through(db(), "deposition", rows)

"New since you last looked" compares with the end of one's last time of looking. A time of looking goes on until
thirty minutes pass without a look, so that marks stay while one works through the list and reloads it; polls of a
page left open are no looks. What one did oneself is never new (looking.py).
"""

from app.dashboard.saved_views.presentation import Views as Views
from app.dashboard.saved_views.presentation import for_page as for_page
from app.dashboard.saved_views.presentation import list_url as list_url
