"""The model that needs no key and no network. Imported only where it answers: app/agents/kernel.py."""
