"""Batch files and folders of them: CSV, JSON, JSON Lines, gz of each, Parquet."""
