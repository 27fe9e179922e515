"""Health on the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class Liveness(BaseModel):
    """The process is up."""

    status: Literal["ok"] = "ok"


class Check(BaseModel):
    """One thing that requests need."""

    ok: bool
    detail: str


class Readiness(BaseModel):
    """Whether requests can be answered now, and what fails if not."""

    ready: bool
    checks: dict[str, Check]


class Root(BaseModel):
    """Where things are."""

    name: str
    version: str
    links: dict[str, str]
