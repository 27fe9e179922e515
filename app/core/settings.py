"""Every setting of the service, read from the environment and from `.env`."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from typing_extensions import Self

from app.core import settings_providers, settings_validators
from app.core.database.url import normalised

Provider = Literal["openai", "azure", "offline"]
StrippedText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
RateLimit = Annotated[str, AfterValidator(settings_validators.rate_limit)]

DEFAULT_DATABASE_URL = "postgresql+asyncpg://postgres:postgres@localhost:5432/interview_db"
DEFAULT_OPENAI_MODEL = "gpt-5.6-luna"
EMBEDDED_DATABASE_URL = "sqlite+aiosqlite:///./interview.db"

MIN_SECRET_BYTES = 32
"""The size of an HS256 hash, as RFC 7518, section 3.2 requires."""
SECRET_KEY_PLACEHOLDER = "change-me-to-32-random-bytes-or-more"  # refused as a key  # noqa: S105  # nosec B105

_PASTED = (
    "openai_api_key",
    "openai_base_url",
    "openai_org_id",
    "openai_reasoning_effort",
    "azure_openai_endpoint",
    "azure_openai_api_key",
    "azure_openai_deployment",
    "interview_api_token",
)


class UnreadableEnvFile(ValueError):
    """`.env` exists, but is not UTF-8 text."""


class Settings(BaseSettings):
    """The settings of a process. An empty variable counts as unset."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # some values are secrets
    )

    app_port: int = Field(8000, ge=1, le=65535, description="Port that `make run` serves on.")
    debug: bool = Field(False, description="Development mode: shows SQL at LOG_LEVEL=DEBUG.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        "INFO", description="JSON lines; DEBUG is readable text and includes questions."
    )
    shutdown_grace_seconds: float = Field(
        20.0, ge=0, le=3600, description="Seconds that requests in flight have to finish after SIGTERM."
    )
    receive_timeout_seconds: float = Field(
        30.0, gt=0, le=3600, description="Seconds for a request's headers to arrive, and the same again for its body."
    )
    web_concurrency: int = Field(1, ge=1, le=1000, description="Worker processes; several need the same SECRET_KEY.")

    secret_key: SecretStr | None = Field(
        None, description="Signs tokens: 32 bytes or more. Unset: a random key for this process only."
    )
    secret_key_previous: SecretStr | None = Field(
        None, description="The previous SECRET_KEY: tokens signed with it stay valid."
    )
    access_token_minutes: int = Field(15, ge=1, le=1440, description="Minutes until an access token expires.")
    refresh_token_days: int = Field(30, ge=1, le=365, description="Days without use until a refresh token expires.")
    api_key_cache_seconds: float = Field(
        5.0, ge=0, le=5, description="Seconds for which a process accepts a valid API key without looking it up again."
    )
    password_rounds: int = Field(
        12, ge=4, le=16, description="Work factor of password hashes: each step doubles the time."
    )

    max_open_rentals: int = Field(20, ge=1, le=10_000, description="Open rentals that one customer may have.")

    conversation_days: int = Field(
        30, ge=1, le=3650, description="Days after its last turn until a conversation is deleted."
    )

    database_url: Annotated[str, AfterValidator(normalised)] = Field(
        DEFAULT_DATABASE_URL, repr=False, description="Postgres or SQLite, as a libpq or SQLAlchemy URL."
    )
    database_pool_size: int = Field(5, ge=1, le=1000, description="Connections kept per process.")
    database_max_overflow: int = Field(0, ge=0, le=1000, description="Connections beyond the pool, reopened each time.")
    database_pool_timeout: float = Field(5.0, gt=0, description="Seconds to wait for a free connection.")
    database_pool_recycle: int = Field(1800, ge=-1, description="Seconds after which a connection is replaced.")
    database_pool_pre_ping: bool = Field(
        False, description="Test each connection on checkout, at the cost of one round trip per request."
    )
    database_connect_timeout: float = Field(5.0, gt=0, description="Seconds to wait for a new connection.")
    database_application_name: str = Field("interview-api", description="Shown in pg_stat_activity.")
    database_pooler: Literal["none", "pgbouncer"] = Field(
        "none", description="pgbouncer: connections are pooled per transaction, so statements are not kept prepared."
    )

    ai_provider: Provider | None = Field(
        None,
        description="openai, azure or offline. Unset: azure or openai when its key is set, else offline.",
    )
    ai_timeout_seconds: float = Field(30.0, gt=0, le=600, description="Deadline of one whole turn.")
    ai_max_handoffs: int = Field(4, ge=1, le=20, description="Handoffs allowed in one turn.")
    ai_max_tool_calls: int = Field(8, ge=1, le=50, description="Tool calls allowed in one turn.")
    ai_history_tokens: int = Field(
        4000, ge=0, le=1_000_000, description="Size of earlier turns that a model is shown, in tokens of 4 characters."
    )
    ai_max_tokens: int | None = Field(
        None, ge=1, description="Output limit of one model call; if unset, the model's default."
    )
    ai_temperature: float | None = Field(
        None, ge=0, le=2, description="If unset, the model's default; some models accept no other."
    )
    ai_diagnostics: bool = Field(
        False,
        description="For development: Semantic Kernel's own logs, which quote questions, and a span for each message.",
    )
    openai_api_key: SecretStr | None = Field(None, description="Key of OpenAI or of a compatible server.")
    openai_base_url: str | None = Field(None, description="A compatible server, such as http://localhost:11434/v1.")
    openai_model: StrippedText = Field(DEFAULT_OPENAI_MODEL, description="Model name.")
    openai_org_id: str | None = Field(None, description="OpenAI organisation.")
    openai_reasoning_effort: str | None = Field(
        None,
        description="none, minimal, low, medium, high, ..., depending on the model; if unset, the model's default.",
    )
    azure_openai_endpoint: str | None = Field(None, description="https://NAME.openai.azure.com/")
    azure_openai_api_key: SecretStr | None = Field(None, description="Key of the Azure resource.")
    azure_openai_deployment: str | None = Field(None, description="Deployment name.")
    azure_openai_api_version: StrippedText = Field("2024-10-21", description="Azure API version.")

    rate_limit_ai: RateLimit = Field("60/minute", description="Questions of one caller; `off` for no limit.")
    rate_limit_auth: RateLimit = Field("30/minute", description="Failed sign-ins of one caller; `off` for no limit.")
    rate_limit_storage: Annotated[SecretStr | None, AfterValidator(settings_validators.redis_url)] = Field(
        None, description="redis://host:6379/0 to share counts between processes; if unset, each counts separately."
    )
    forwarded_allow_ips: Annotated[str, AfterValidator(settings_validators.proxies)] = Field(
        "", description="Addresses or networks of proxies whose X-Forwarded-For is trusted."
    )
    interview_api_token: SecretStr | None = Field(
        None, description="API key or access token that `python -m app chat --server` sends."
    )
    cors_origins: Annotated[
        tuple[str, ...],
        NoDecode,
        BeforeValidator(settings_validators.listed),
        AfterValidator(settings_validators.web_origins),
    ] = Field((), description="Origins of web pages whose scripts may call the API, or `*` for any.")

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("ai_provider", "database_pooler", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator(*_PASTED, mode="before")
    @classmethod
    def _trimmed(cls, value: object) -> object:
        """Remove blanks and line ends around a pasted key or address; a blank value counts as unset."""
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        return (text.strip() or None) if isinstance(text, str) else value

    @model_validator(mode="after")
    def _secret_keys(self) -> Self:
        """Refuse invalid keys, and weak keys unless DEBUG is set."""
        for name, secret in self._given_secret_keys().items():
            problem = settings_validators.signing_problem(secret) or (None if self.debug else _weakness(secret))
            if problem:
                raise ValueError(f"{name} {problem}: set a random key of at least {MIN_SECRET_BYTES} bytes")
        return self

    @property
    def weak_secret_keys(self) -> list[str]:
        """The names of the secret keys that are accepted only because DEBUG is set."""
        return [name for name, secret in self._given_secret_keys().items() if _weakness(secret)]

    def _given_secret_keys(self) -> dict[str, str]:
        given = {"SECRET_KEY": self.secret_key, "SECRET_KEY_PREVIOUS": self.secret_key_previous}
        return {name: secret.get_secret_value() for name, secret in given.items() if secret is not None}

    def worker_problem(self, *, several: bool) -> str | None:
        """Return why several worker processes cannot start, or None: without a key each refuses the others' tokens."""
        if self.secret_key is not None or not (several or self.web_concurrency > 1):
            return None
        return f"Several workers need the same SECRET_KEY: set a random key of at least {MIN_SECRET_BYTES} bytes."

    @property
    def provider(self) -> Provider:
        """The provider in use: AI_PROVIDER, else the provider whose key is set, else offline."""
        if self.ai_provider is not None:
            return self.ai_provider
        if self.azure_openai_api_key is not None:
            return "azure"
        if self.openai_api_key is not None:
            return "openai"
        return "offline"

    @property
    def provider_problem(self) -> str | None:
        """What is missing or invalid in the provider's configuration, as a sentence, or None."""
        missing = [name for name, value in self._needed().items() if value is None]
        if missing:
            return f"The AI provider '{self.provider}' is not configured: set {' and '.join(missing)}."
        if self.provider == "openai":
            return settings_providers.key_problem(
                "OPENAI_API_KEY", self.openai_api_key
            ) or settings_providers.base_url_problem("OPENAI_BASE_URL", self.openai_base_url)
        if self.provider == "azure":
            return settings_providers.key_problem(
                "AZURE_OPENAI_API_KEY", self.azure_openai_api_key
            ) or settings_providers.endpoint_problem("AZURE_OPENAI_ENDPOINT", self.azure_openai_endpoint)
        return None

    def _needed(self) -> dict[str, object]:
        if self.provider == "openai":
            return {"OPENAI_API_KEY": self.openai_api_key}
        if self.provider == "azure":
            return {
                "AZURE_OPENAI_ENDPOINT": self.azure_openai_endpoint,
                "AZURE_OPENAI_API_KEY": self.azure_openai_api_key,
                "AZURE_OPENAI_DEPLOYMENT": self.azure_openai_deployment,
            }
        return {}

    @property
    def model(self) -> str:
        """The name of the model in use."""
        if self.provider == "azure":
            return self.azure_openai_deployment or ""
        return self.openai_model if self.provider == "openai" else "offline"


def _weakness(secret: str) -> str | None:
    if secret == SECRET_KEY_PLACEHOLDER:
        return "is the placeholder of .env.example"
    if len(secret.encode("utf-8", "surrogatepass")) < MIN_SECRET_BYTES:
        return f"has fewer than {MIN_SECRET_BYTES} bytes"
    return None


def in_sentences(error: ValidationError | UnreadableEnvFile, named: Callable[[str], str] = str.upper) -> str:
    """Return the errors as one line, without the invalid values."""
    if isinstance(error, UnreadableEnvFile):
        return str(error)
    found = ((".".join(map(str, one["loc"])), one["msg"]) for one in error.errors(include_input=False))
    said = ((name, message.removeprefix("Value error, ")) for name, message in found)
    return "; ".join(f"{named(name)}: {message}" if name else message for name, message in said)


@lru_cache
def get_settings() -> Settings:
    """Read the settings once for each process; raise ValidationError or UnreadableEnvFile."""
    if env_file := Settings.model_config.get("env_file"):
        _check_encoding(Path(str(env_file)))
    return Settings()


def _check_encoding(file: Path) -> None:
    """Raise UnreadableEnvFile if the file is not UTF-8: some other encodings would silently read as empty."""
    if not file.is_file():
        return
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise UnreadableEnvFile(f"{file} is not UTF-8: save it as UTF-8, not as UTF-16 or ANSI.")
