"""The warehouse side of loading: its fixed schemas, the landing zone and the publishing step."""
