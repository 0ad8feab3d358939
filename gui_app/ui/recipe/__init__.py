"""The Task tab."""
