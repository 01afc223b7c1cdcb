"""Moodle's own database as a source: any of its engines, any table prefix."""
