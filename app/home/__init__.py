"""What spans the desks: my work today, one search, the audit, the API reference, and the navigation of each page."""
