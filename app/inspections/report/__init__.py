"""The report of an inspection: what is recorded, as a PDF that a person can read and anybody can check."""
