"""What the staff pages of all desks share: queue, filters, saved views, the undo window, live pages, overviews."""
