"""Text: dates and times, time zones, template filters, normalization and full-text search."""
