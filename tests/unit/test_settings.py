"""Settings: valid and invalid values, and their agreement with .env.example."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jose import jwt
from jose.exceptions import JOSEError
from pydantic import ValidationError

from app.core.settings import SECRET_KEY_PLACEHOLDER, Settings

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = dict(re.findall(r"^# ([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))


def test_every_setting_is_in_the_example_and_nothing_else_is() -> None:
    assert set(EXAMPLE) == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("name", sorted(set(EXAMPLE) - {"SECRET_KEY"}))
def test_the_example_shows_the_default(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, EXAMPLE[name])
    field = name.lower()
    assert getattr(Settings(), field) == getattr(Settings.model_construct(), field)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@host/db", "postgresql+asyncpg://u:p@host/db"),
        ("postgresql://u:p@host/db", "postgresql+asyncpg://u:p@host/db"),
        ("postgresql+asyncpg://u:p@host/db", "postgresql+asyncpg://u:p@host/db"),
        ("postgres://u@host/db?sslmode=require", "postgresql+asyncpg://u@host/db?ssl=require"),
        ("sqlite:///x.db", "sqlite+aiosqlite:///x.db"),
    ],
)
def test_urls_get_their_async_drivers(given: str, used: str) -> None:
    assert Settings(database_url=given).database_url == used


@pytest.mark.parametrize("given", ["", "localhost", "interview_db"])
def test_an_invalid_url_is_refused(given: str) -> None:
    with pytest.raises(ValidationError, match="must be a URL"):
        Settings(database_url=given)


@pytest.mark.parametrize(
    ("variables", "provider", "complete"),
    [
        ({}, "offline", True),
        ({"openai_api_key": "k"}, "openai", True),
        ({"openai_base_url": "http://x/v1"}, "offline", True),
        ({"azure_openai_api_key": "k"}, "azure", False),
        ({"azure_openai_api_key": "k", "openai_api_key": "k"}, "azure", False),
        ({"ai_provider": "openai"}, "openai", False),
        ({"ai_provider": "OFFLINE", "openai_api_key": "k"}, "offline", True),
        (
            {
                "ai_provider": "azure",
                "azure_openai_api_key": "k",
                "azure_openai_endpoint": "https://x",
                "azure_openai_deployment": "d",
            },
            "azure",
            True,
        ),
    ],
)
def test_the_provider_is_chosen_and_checked(variables: dict[str, str], provider: str, complete: bool) -> None:
    settings = Settings.model_validate(variables)
    assert settings.provider == provider
    assert (settings.provider_problem is None) == complete


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    secrets = {
        "openai_api_key": "sk-1",
        "azure_openai_api_key": "az-1",
        "secret_key": "s3" * 16,
        "secret_key_previous": "s4" * 16,
        "database_url": "postgresql+asyncpg://u:db-1@host/name",
    }
    shown = repr(Settings.model_validate(secrets))
    assert not any(secret in shown for secret in (*secrets.values(), "db-1"))


@pytest.mark.parametrize("name", ["secret_key", "secret_key_previous"])
@pytest.mark.parametrize("secret", ["short and secret", "x" * 31, SECRET_KEY_PLACEHOLDER])
def test_a_key_that_could_be_guessed_is_refused_without_being_shown(name: str, secret: str) -> None:
    with pytest.raises(ValidationError, match=name.upper()) as refused:
        Settings.model_validate({name: secret})
    assert secret not in str(refused.value)


def test_a_developer_may_use_a_weak_key_which_is_named() -> None:
    settings = Settings.model_validate({"secret_key": "short", "secret_key_previous": "x" * 32, "debug": True})
    assert settings.weak_secret_keys == ["SECRET_KEY"]


UNUSABLE = {
    "PEM": "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
    "certificate": "-----BEGIN CERTIFICATE-----\nMIIEowIBAAKCAQEA\n-----END CERTIFICATE-----",
    "SSH2": "---- BEGIN SSH2 PUBLIC KEY ----\nAAAAB3NzaC1yc2EAAA\n---- END SSH2 PUBLIC KEY ----",
    "ssh-rsa": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ ada@example.org",
    "ssh-ed25519": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI ada@example.org",
    "ecdsa": "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQ ada@example.org",
    "SSH certificate": "sk-ed25519-cert-v01@openssh.com AAAAC3NzaC1lZDI1NTE5AAAAI",
    "not text": "no UTF-8: \udcff" + "x" * 32,
}


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("name", ["secret_key", "secret_key_previous"])
@pytest.mark.parametrize("secret", UNUSABLE.values(), ids=UNUSABLE)
def test_a_key_that_cannot_sign_is_refused_without_being_shown(name: str, secret: str, debug: bool) -> None:
    with pytest.raises((JOSEError, UnicodeEncodeError)):
        jwt.encode({}, secret, algorithm="HS256")
    with pytest.raises(ValidationError, match=f"{name.upper()} is ") as refused:
        Settings.model_validate({name: secret, "debug": debug})
    assert secret[:12] not in str(refused.value)


@pytest.mark.parametrize("secret", ["PrJ/+BEGIN-key-of-ssh-and-rsa==" * 2, "clé secrète de trente-deux octets"])
def test_a_key_that_can_sign_is_accepted(secret: str) -> None:
    assert jwt.encode({}, secret, algorithm="HS256")
    assert Settings.model_validate({"secret_key": secret}).secret_key


def test_the_example_names_the_placeholder_that_is_refused() -> None:
    assert EXAMPLE["SECRET_KEY"] == SECRET_KEY_PLACEHOLDER


AZURE = {"ai_provider": "azure", "azure_openai_api_key": "k", "azure_openai_deployment": "d"}


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"openai_api_key": "k", "openai_base_url": "localhost:11434"}, "OPENAI_BASE_URL must be a URL"),
        ({"openai_api_key": "k", "openai_base_url": "http://"}, "OPENAI_BASE_URL must be a URL"),
        ({"openai_api_key": "k", "openai_base_url": "http://host:port/v1"}, "OPENAI_BASE_URL must be a URL"),
        ({"openai_api_key": "k", "openai_base_url": "http://a b/v1"}, "OPENAI_BASE_URL must be a URL"),
        ({"openai_api_key": "k", "openai_base_url": "http://x/v1/chat/completions"}, "before /chat/completions"),
        ({"openai_api_key": "sk 1"}, "OPENAI_API_KEY has characters"),
        ({"openai_api_key": "sk-\N{EN DASH}1"}, "OPENAI_API_KEY has characters"),
        ({"openai_api_key": "sk-1\nsk-2"}, "OPENAI_API_KEY has characters"),
        ({**AZURE, "azure_openai_endpoint": "name.openai.azure.com"}, "AZURE_OPENAI_ENDPOINT must be a URL"),
        (
            {
                **AZURE,
                "azure_openai_endpoint": "https://n.openai.azure.com/openai/deployments/d/chat/completions?api-version=1",
            },
            "AZURE_OPENAI_ENDPOINT must be the resource's address alone",
        ),
        (
            {**AZURE, "azure_openai_endpoint": "https://n/?api-version=1"},
            "AZURE_OPENAI_ENDPOINT must be the resource's",
        ),
    ],
)
def test_a_setting_that_no_client_can_use_is_named(variables: dict[str, str], named: str) -> None:
    problem = Settings.model_validate(variables).provider_problem
    assert problem is not None
    assert named in problem


def test_blanks_around_keys_and_addresses_do_not_count() -> None:
    given = {"openai_api_key": " sk-1\n", "openai_base_url": "\thttp://x/v1 ", "openai_model": " m "}
    settings = Settings.model_validate(given)
    assert settings.provider_problem is None
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == "sk-1"
    assert (settings.openai_base_url, settings.openai_model) == ("http://x/v1", "m")


def test_a_key_of_blanks_counts_as_unset() -> None:
    assert Settings.model_validate({"openai_api_key": "  "}).provider == "offline"
