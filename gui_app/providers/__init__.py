"""Prompt to reply: the providers, behind two small protocols."""
