"""The only SQLite: job files, who may write to them, and what can be asked of them."""
