"""Across the rooms: my work today, one search over every desk a person has, and the navigation beside each page."""
