"""Text: dates and times, time zones, translations, template filters, normalization and full-text search."""
