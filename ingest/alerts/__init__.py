"""Telling people what rules of alerts found: messages, and who receives them."""
