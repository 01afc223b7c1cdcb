"""Coursehouse's loaders: they move data into `raw_*` schemas and never interpret it."""
