"""The event lane: topics, their contracts, and the raw tables events land in."""
