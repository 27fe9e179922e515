"""The snapshot of the OpenAPI document. `make snapshot` regenerates it, so that review shows changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from app.core.settings import Settings
from app.main import create_app

SNAPSHOT = Path(__file__).with_name("openapi.json")


def rendered(described: dict[str, Any]) -> str:
    """Return the OpenAPI document as text that can be compared line by line."""
    return json.dumps(described, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SNAPSHOT.write_text(rendered(create_app(Settings(ai_provider="offline")).openapi()), encoding="utf-8")
