"""Writes, one module a noun: people, organizations, keys, sign-ins, factors."""
