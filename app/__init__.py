"""The Interview API."""
