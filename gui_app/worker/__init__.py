"""The engine in a process of its own, and how the window speaks to it."""
