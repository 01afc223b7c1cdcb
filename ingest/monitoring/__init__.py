"""What is measured while data moves: for Prometheus, and for the alerts of the warehouse."""
