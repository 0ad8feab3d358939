"""What tests of several rooms share. Each file one subject."""
