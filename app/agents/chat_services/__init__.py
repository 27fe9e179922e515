"""Chat services: send requests to models and normalise their answers for the agents."""
