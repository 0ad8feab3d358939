"""The simple rules behind the practice model: a prompt goes in, an answer comes out. No network, no state."""
