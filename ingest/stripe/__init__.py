"""Stripe: webhooks as they come, and its API for what they missed or never tell."""
