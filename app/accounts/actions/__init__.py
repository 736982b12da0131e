"""Writes, one module a noun: people, their addresses, organizations, keys, sign-ins, factors."""
