"""Responses about health."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class Liveness(BaseModel):
    """The process is up."""

    status: Literal["ok"] = "ok"


class Check(BaseModel):
    """The state of one dependency."""

    ok: bool
    detail: str


class Readiness(BaseModel):
    """Whether the service is ready, and the state of each dependency."""

    ready: bool
    checks: dict[str, Check]


class Root(BaseModel):
    """The service's name, version and links."""

    name: str
    version: str
    links: dict[str, str]
