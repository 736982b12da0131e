"""What the three desks share: the queue page, what is live on it, who looks, saved views. No room may copy it."""
