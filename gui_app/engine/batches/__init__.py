"""The overnight lane: rows that go out in batches and come back within a day."""
