"""The stream: what comes is loaded at once, and what is wanted at once is built again and again."""
