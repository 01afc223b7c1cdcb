"""What people read: the docs site with lineage, and the data dictionary."""
