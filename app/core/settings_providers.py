"""Checks of a model provider's key and address. Each message names the setting."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr


def secret_value(secret: SecretStr | None) -> str:
    """Return the secret's value, or an empty string if it is unset."""
    return secret.get_secret_value() if secret is not None else ""


def key_problem(name: str, key: SecretStr | None) -> str | None:
    """Return why the key cannot be sent in a header (only printable ASCII without blanks can), or None."""
    value = secret_value(key)
    if value.isascii() and value.isprintable() and " " not in value:
        return None
    return f"{name} has characters that are invalid in a key: copy it again."


def base_url_problem(name: str, url: str | None) -> str | None:
    """Return why this is not the base URL of an OpenAI-compatible server (up to the version), or None."""
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
    """Return why this is not the URL of an Azure resource, or None.

    The "target URI" that Azure's portal shows is longer: it has a path and a version.
    """
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
