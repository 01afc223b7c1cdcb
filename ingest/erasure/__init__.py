"""Erasing a person: what is stored becomes a stranger's, and nothing of the person comes back."""
