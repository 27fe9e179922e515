"""The offline model's modules are imported only if the offline provider is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from app.agents.kernel import build_chat_service
from app.core.settings import Settings
build_chat_service(Settings(ai_provider={provider!r}, openai_api_key="sk-test"))
print(sorted(name for name in sys.modules if name.startswith("app.agents.offline")))
"""


@pytest.mark.servers
@pytest.mark.parametrize(("provider", "loaded"), [("openai", False), ("offline", True)])
def test_only_the_offline_provider_loads_the_offline_model(provider: str, loaded: bool) -> None:
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(provider=provider)], capture_output=True, text=True, check=True
    )
    assert (found.stdout.strip() != "[]") is loaded
