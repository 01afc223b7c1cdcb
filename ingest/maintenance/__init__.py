"""What a warehouse needs once a month."""
