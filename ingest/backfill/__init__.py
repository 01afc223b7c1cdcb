"""Backfill: days of topics come back from the archive, days of marts are computed anew."""
