"""The Failures tab."""
