"""Checks of a model provider's key and address. Each message names the setting."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr


def secret_value(secret: SecretStr | None) -> str:
    """The secret itself; empty when it is unset."""
    return secret.get_secret_value() if secret is not None else ""


def key_problem(name: str, key: SecretStr | None) -> str | None:
    """A key travels in a header, which takes no blanks within and nothing but ASCII."""
    value = secret_value(key)
    if value.isascii() and value.isprintable() and " " not in value:
        return None
    return f"{name} has characters that are invalid in a key: copy it again."


def base_url_problem(name: str, url: str | None) -> str | None:
    """A compatible server's address, up to the version."""
    if url is None:
        return None
    parts = _parts(url)
    if parts is None:
        return f"{name} must be a URL such as http://localhost:11434/v1."
    if parts.path.rstrip("/").endswith("/completions"):
        return f"{name} must end before /chat/completions, as in http://localhost:11434/v1."
    if parts.query or parts.fragment:
        return f"{name} must not have a query or a fragment; an example is http://localhost:11434/v1."
    return None


def endpoint_problem(name: str, url: str | None) -> str | None:
    """An Azure resource's address. What Azure's portal shows as target URI has path and version behind it."""
    parts = _parts(url or "")
    if parts is None:
        return f"{name} must be a URL such as https://NAME.openai.azure.com/."
    if "/openai" in parts.path or "/deployments" in parts.path or parts.query or parts.fragment:
        return (
            f"{name} must be the resource's address alone, such as https://NAME.openai.azure.com/: "
            "set the deployment in AZURE_OPENAI_DEPLOYMENT and the version in AZURE_OPENAI_API_VERSION."
        )
    return None


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if valid and url.isprintable() and " " not in url else None
