"""Text in the languages and scripts of its readers."""
