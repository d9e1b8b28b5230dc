"""The show wing: theme, charts and exhibits. It knows no store, no network and no clock."""
