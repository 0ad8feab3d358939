"""The jobs there are, and how they come to be."""
