"""What the store says as of an instant: all sounds, one sound looked at closely, hashtags, charts, alerts."""
