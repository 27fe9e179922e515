"""Accounts and what they sign in with: ours, not Pagila's. Secrets are here as hashes alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.auth.identity import Role
from app.models.base import reference
from app.models.types import TEXT_LIST, UtcDateTime

_ROLES = ", ".join(f"'{role.value}'" for role in Role)


def _created() -> Any:  # noqa: ANN401  as SQLModel's Field
    return Field(default=None, sa_type=UtcDateTime, nullable=False, sa_column_kwargs={"server_default": sa.func.now()})


def _of_account(*, nullable: bool = False) -> Any:  # noqa: ANN401
    account = sa.ForeignKey("user_account.id", ondelete="CASCADE")
    return Field(
        default=None if nullable else ..., sa_column=sa.Column(sa.Integer, account, nullable=nullable, index=True)
    )


class UserAccount(SQLModel, table=True):
    """Somebody who signs in, and which of the store's records they are.

    The address is kept in lower case, so that "unique" means in any case.
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
    email: str = Field(sa_type=sa.Text)
    password_hash: str = Field(sa_type=sa.Text)
    role: str = Field(sa_type=sa.Text)
    customer_id: int | None = reference("customer.customer_id", nullable=True, index=True)
    staff_id: int | None = reference("staff.staff_id", nullable=True, index=True)
    active: bool = Field(default=True, sa_column_kwargs={"server_default": sa.true()})
    token_version: int = Field(default=1, sa_column_kwargs={"server_default": sa.text("1")})
    """Counts new passwords, roles and records. Access tokens carry it, so that older ones can be told."""
    created_at: datetime | None = _created()


class RefreshToken(SQLModel, table=True):
    """Good for one new pair of tokens. All that came of one sign-in are a `family`."""

    __tablename__ = "refresh_token"
    __table_args__ = (
        sa.UniqueConstraint("token_hash", name="refresh_token_token_hash_key"),
        sa.Index("ix_refresh_token_family", "family"),
    )

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = _of_account()
    family: str = Field(sa_type=sa.Text)
    token_hash: str = Field(sa_type=sa.Text)
    created_at: datetime | None = _created()
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ApiKey(SQLModel, table=True):
    """A machine client's key. `prefix` is as much of it as tells it from others to a person."""

    __tablename__ = "api_key"
    __table_args__ = (sa.UniqueConstraint("key_hash", name="api_key_key_hash_key"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(sa_type=sa.String(100))
    prefix: str = Field(sa_type=sa.Text)
    key_hash: str = Field(sa_type=sa.Text)
    scopes: list[str] = Field(sa_column=sa.Column(TEXT_LIST, nullable=False))
    created_by: int | None = _of_account(nullable=True)
    created_at: datetime | None = _created()
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
