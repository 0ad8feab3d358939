"""How many calls go out, and how fast: one pace for all jobs of a provider, tuning itself."""
