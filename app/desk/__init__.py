"""What the three desks share: the queue page, what is live on it, who looks at what, saved views. No room may copy it."""
