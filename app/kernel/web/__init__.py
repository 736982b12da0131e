"""What pages share: htmx answers, forms, static assets, live updates."""
