"""The agents. Importing this package installs the lazy imports of their libraries."""

from app.agents.lazy_imports import install

install()
