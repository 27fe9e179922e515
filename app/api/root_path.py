"""The path below the prefix that a proxy in front has (ASGI's `root_path`, uvicorn's `UVICORN_ROOT_PATH`)."""

from __future__ import annotations

from starlette.types import Scope

_OWN = ("/api/v1/", "/docs/", "/health/")
"""Paths of ours. A prefix that is the beginning of one cannot be told from it: see `settle_path`."""


def settle_path(scope: Scope) -> str:
    """Write path and prefix in the one form that routes match; return the path below the prefix.

    `/films` and `/films/` are the same resource: answered directly, never redirected. Servers put the prefix before
    what they receive. A proxy that did not take its prefix away sends it as well: then it is there twice.
    """
    path: str = scope["path"]
    if given := scope.get("root_path", ""):
        prefix = f"/{given.strip('/')}".rstrip("/")
        path = f"/{path.removeprefix(given).lstrip('/')}"
        if not any(own.startswith(f"{prefix}/") for own in _OWN) and f"{path}/".startswith(f"{prefix}/"):
            path = path[len(prefix) :]
        route = path.rstrip("/") or "/"
        scope["root_path"], scope["path"] = prefix, prefix + route
        return route
    if len(path) > 1 and path.endswith("/"):
        scope["path"] = path = path.rstrip("/") or "/"
    return path


def below_root(scope: Scope, path: str) -> str:
    """A path of ours as clients must ask for it."""
    return f"{scope.get('root_path', '')}{path}"
