"""The chat services: what asks a model, and what turns its answer into the one form that the agents expect."""
