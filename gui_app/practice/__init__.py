"""The built-in offline provider: a loopback server with the providers' wire formats, and its simple rules."""
