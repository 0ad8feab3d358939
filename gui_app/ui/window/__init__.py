"""The window as a whole, from its start to its end."""
