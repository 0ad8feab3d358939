"""One job: its page, what stands over it, and the bar that runs it."""
