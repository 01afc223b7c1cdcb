"""Connectors of Kafka Connect: what they are to be, and what they are."""
