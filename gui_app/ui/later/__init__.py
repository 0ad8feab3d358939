"""Runs that start without a click: jobs that wait for their turn, rows that are retried in a while."""
