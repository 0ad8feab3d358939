"""The rows of a job."""
