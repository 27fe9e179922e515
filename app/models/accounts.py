"""Accounts, refresh tokens and API keys: not part of Pagila. Only hashes of secrets are stored."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import Field, SQLModel

from app.core.auth.identity import Role, Scope
from app.models.base import reference
from app.models.fields import Moment, ShortText
from app.models.types import TEXT_LIST, UtcDateTime

_ROLES = ", ".join(f"'{role.value}'" for role in Role)


def _created() -> Any:  # noqa: ANN401  as SQLModel's Field
    return Field(default=None, sa_type=UtcDateTime, nullable=False, sa_column_kwargs={"server_default": sa.func.now()})


def _account_reference(*, nullable: bool = False) -> Any:  # noqa: ANN401
    account = sa.ForeignKey("user_account.id", ondelete="CASCADE")
    return Field(
        default=None if nullable else ..., sa_column=sa.Column(sa.Integer, account, nullable=nullable, index=True)
    )


class AccountFields(BaseModel):
    """An account's fields that its owner sees."""

    email: str = Field(sa_type=sa.Text)
    role: Role = Field(sa_type=sa.Text)
    customer_id: int | None = reference("customer.customer_id", nullable=True, index=True)
    """The customer that this account belongs to."""
    staff_id: int | None = reference("staff.staff_id", nullable=True, index=True)
    active: bool = Field(default=True, sa_column_kwargs={"server_default": sa.true()})


class UserAccount(AccountFields, SQLModel, table=True):
    """A user who signs in, and the customer or staff record that belongs to them.

    The e-mail address is in lower case, so that it is unique ignoring case.
    """

    __tablename__ = "user_account"
    __table_args__ = (
        sa.UniqueConstraint("email", name="user_account_email_key"),
        sa.CheckConstraint("email = lower(email)", name="user_account_email_check"),
        sa.CheckConstraint(f"role IN ({_ROLES})", name="user_account_role_check"),
        sa.CheckConstraint(
            "customer_id IS NULL OR (staff_id IS NULL AND role = 'customer')", name="user_account_customer_check"
        ),
        sa.CheckConstraint("staff_id IS NULL OR role <> 'customer'", name="user_account_staff_check"),
    )

    id: int | None = Field(default=None, primary_key=True)
    password_hash: str = Field(sa_type=sa.Text)
    token_version: int = Field(default=1, sa_column_kwargs={"server_default": sa.text("1")})
    """Counts changes of password, role and records. Access tokens have it, so that older ones are recognised."""
    created_at: datetime | None = _created()


class RefreshToken(SQLModel, table=True):
    """A refresh token, for single use. All tokens issued from one sign-in are a `family`."""

    __tablename__ = "refresh_token"
    __table_args__ = (
        sa.UniqueConstraint("token_hash", name="refresh_token_token_hash_key"),
        sa.Index("ix_refresh_token_family", "family"),
    )

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = _account_reference()
    family: str = Field(sa_type=sa.Text)
    token_hash: str = Field(sa_type=sa.Text)
    created_at: datetime | None = _created()
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


Scopes = Annotated[list[Scope], Field(min_length=1)]


class ApiKeyFields(BaseModel):
    """The fields that an API key is created with."""

    name: ShortText = Field(sa_type=sa.String(100))
    scopes: Scopes = Field(sa_column=sa.Column(TEXT_LIST, nullable=False))
    expires_at: Moment | None = Field(
        default=None, sa_type=UtcDateTime, description="When the key expires; if unset, never."
    )


class ApiKey(ApiKeyFields, SQLModel, table=True):
    """A machine client's key. `prefix` is the part that identifies it to a person."""

    __tablename__ = "api_key"
    __table_args__ = (sa.UniqueConstraint("key_hash", name="api_key_key_hash_key"),)

    id: int | None = Field(default=None, primary_key=True)
    prefix: str = Field(sa_type=sa.Text)
    key_hash: str = Field(sa_type=sa.Text)
    created_by: int | None = _account_reference(nullable=True)
    created_at: datetime | None = _created()
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
