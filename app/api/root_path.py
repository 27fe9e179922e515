"""The path below a proxy's prefix (ASGI's `root_path`, uvicorn's `UVICORN_ROOT_PATH`)."""

from __future__ import annotations

from starlette.types import Scope

_OWN = ("/api/v1/", "/docs/", "/health/")
"""The application's paths. A prefix with which one of them begins is ambiguous: see `settle_path`."""


def settle_path(scope: Scope) -> str:
    """Normalise path and prefix to the form that routes match; return the path below the prefix.

    `/films` and `/films/` are the same resource: answered directly, never redirected. Servers prepend the prefix to
    the path that they receive. If the proxy did not strip its prefix, the path has it twice.
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
    """Return a path of the application with the prefix."""
    return f"{scope.get('root_path', '')}{path}"
