"""The contract as it was last agreed to. `make snapshot` writes it anew, for review to see what changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from app.core.settings import Settings
from app.main import create_app

SNAPSHOT = Path(__file__).with_name("openapi.json")


def rendered(described: dict[str, Any]) -> str:
    """OpenAPI as text whose lines can be compared."""
    return json.dumps(described, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SNAPSHOT.write_text(rendered(create_app(Settings(ai_provider="offline")).openapi()), encoding="utf-8")
