"""The Interview API."""

import gc

# Importing makes 200,000 objects that are here to stay; looking through them at Python's default pace takes a tenth of
# the time that a process needs to start.
gc.set_threshold(10_000, 20, 20)
