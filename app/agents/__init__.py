"""The agents. Importing anything of them makes what they import lazy."""

from app.agents.lazy_imports import install

install()
