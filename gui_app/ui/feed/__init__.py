"""What the window hears and reads of a job, on threads of its own and at a pace that can be drawn."""
