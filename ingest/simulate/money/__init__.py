"""A Stripe account that never was: sells courses for a year and more, and its books balance."""
