"""The model that needs no key and no network. Only app/agents/kernel.py imports it, and only where it answers."""
