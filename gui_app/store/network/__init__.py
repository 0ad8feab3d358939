"""Jobs in a network folder: worked on as a copy on this computer, and copied back."""
