"""What can be read of a job file. Nothing in here writes, so it is safe beside a running worker."""
