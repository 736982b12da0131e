"""What the three APIs have in common: authentication, the order of refusals, the form of responses."""
