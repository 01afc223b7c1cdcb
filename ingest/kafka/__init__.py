"""Kafka: clients of any cluster, a small broker of our own, topics from the registry."""
