"""Writes about who is asking, a module for each noun: people, organizations, keys, sign-ins."""
