"""What pages show of inspections: labels, rows of the list, timelines. Pure; the templates only place it."""
