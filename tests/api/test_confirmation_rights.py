"""Who may decide on a proposal is checked when it is decided, whatever the access token says."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import Any

import httpx
import pytest

from app.core.auth.identity import Role, Scope
from app.core.auth.secrets import digest
from app.repositories.refresh_tokens import RefreshTokenRepository
from app.schemas.auth import AccountCreate, ApiKeyCreate
from app.services.accounts import AccountService
from app.services.api_keys import ApiKeyService
from tests.conftest import client_of
from tests.fakes.scripted_chat import call, say
from tests.fixtures.callers import CUSTOMER, PASSWORD, bearer, email_of
from tests.fixtures.proposing import CONFIRMATIONS, RENT, decide, new_film, rental_desk, rentals_of
from tests.fixtures.signing_in import AUTH, change_password, new_email, refresh, tokens_of
from tests.fixtures.talking import CONVERSATIONS, Talk


class Session:
    """A sign-in, with a client of each worker that sends its access token."""

    def __init__(self, talk: Talk, tokens: dict[str, Any]) -> None:
        self._talk = talk
        self.tokens = tokens
        self.here, self.elsewhere = (client_of(app, None) for app in (talk.app, talk.other_app))
        for client in (self.here, self.elsewhere):
            client.headers.update(bearer(tokens["access_token"]))

    async def proposal(self, film: dict[str, Any], **arguments: object) -> dict[str, Any]:
        """Return the pending confirmation of renting this film."""
        return await proposal_to(self._talk, self.here, film, **arguments)

    async def ends(self) -> None:
        """Sign out."""
        gone = await self.here.post(f"{AUTH}/logout", json={"refresh_token": self.tokens["refresh_token"]})
        assert gone.status_code == 204


async def proposal_to(
    talk: Talk, client: httpx.AsyncClient, film: dict[str, Any], **arguments: object
) -> dict[str, Any]:
    path = (await client.post(CONVERSATIONS)).headers["location"]
    talk.script(agents=rental_desk(call(RENT, title=film["title"], **arguments), say("Please confirm.")))
    turn = await client.post(f"{path}/turns", json={"question": "Rent it"})
    (waiting,) = turn.json()["confirmations"]
    return dict(waiting)


async def session_of(talk: Talk, email: str = email_of(CUSTOMER)) -> Session:
    async with talk.as_caller(None) as nobody:
        return Session(talk, await tokens_of(nobody, email))


async def status_of(talk: Talk, client: httpx.AsyncClient, confirmation: dict[str, Any]) -> str:
    return str((await client.get(f"{CONFIRMATIONS}/{confirmation['id']}")).json()["status"])


async def assert_refused(talk: Talk, client: httpx.AsyncClient, film: dict[str, Any], waiting: dict[str, Any]) -> None:
    """Neither decision is taken, and it still waits."""
    for decision in ("approve", "decline"):
        refused = await decide(client, waiting, decision)
        assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
        assert refused.json()["detail"] == "The token or API key is invalid, expired or revoked."
    assert await status_of(talk, client, waiting) == "pending"
    assert await rentals_of(talk, film) == []


async def test_a_signed_out_caller_cannot_approve(talk: Talk) -> None:
    film, session = await new_film(talk), await session_of(talk)
    waiting = await session.proposal(film)
    await session.ends()
    for client in (session.here, session.elsewhere):
        await assert_refused(talk, client, film, waiting)


async def test_a_caller_can_approve_after_a_new_sign_in(talk: Talk) -> None:
    film, session = await new_film(talk), await session_of(talk)
    waiting = await session.proposal(film)
    await session.ends()
    again = await session_of(talk)
    assert (await decide(again.here, waiting)).json()["status"] == "executed"
    assert len(await rentals_of(talk, film)) == 1
    assert (await decide(session.here, waiting)).status_code == 401


async def test_the_end_of_another_session_has_no_effect(talk: Talk) -> None:
    film, session, other = await new_film(talk), await session_of(talk), await session_of(talk)
    waiting = await session.proposal(film)
    await other.ends()
    assert (await decide(session.here, waiting)).json()["status"] == "executed"


async def test_refreshed_tokens_are_of_the_same_session(talk: Talk) -> None:
    film, session = await new_film(talk), await session_of(talk)
    waiting = await session.proposal(film)
    renewed = Session(talk, (await refresh(session.here, session.tokens["refresh_token"])).json())
    assert (await decide(session.elsewhere, waiting)).json()["status"] == "executed"
    film = await new_film(talk)
    waiting = await renewed.proposal(film)
    await renewed.ends()
    for client in (session.here, renewed.here):
        await assert_refused(talk, client, film, waiting)


async def test_a_stolen_refresh_token_ends_the_right_to_approve(talk: Talk) -> None:
    film, session = await new_film(talk), await session_of(talk)
    waiting = await session.proposal(film)
    assert (await refresh(session.here, session.tokens["refresh_token"])).status_code == 200
    assert (await refresh(session.here, session.tokens["refresh_token"])).status_code == 401
    await assert_refused(talk, session.here, film, waiting)


async def test_an_approval_waits_for_a_sign_out_that_has_begun(talk: Talk) -> None:
    film, session = await new_film(talk), await session_of(talk)
    waiting = await session.proposal(film)
    async with talk.app.state.database.writing() as connection:
        row = await RefreshTokenRepository(connection).find(digest(session.tokens["refresh_token"]))
        assert row is not None
        await RefreshTokenRepository(connection).revoke_family(row.family, datetime.now(timezone.utc))
        approving = asyncio.create_task(decide(session.elsewhere, waiting))
        done, _ = await asyncio.wait({approving}, timeout=1)
        assert not done
    assert (await approving).status_code == 401
    assert await rentals_of(talk, film) == []


async def new_account(talk: Talk, role: Role, **records: int) -> str:
    accounts, email = AccountService(talk.app.state.database, talk.app.state.security), new_email()
    await accounts.create(AccountCreate(email=email, password=PASSWORD), role, **records)
    return email


async def test_a_demoted_caller_cannot_approve(talk: Talk) -> None:
    film, email = await new_film(talk), await new_account(talk, Role.STAFF, staff_id=1)
    session = await session_of(talk, email)
    waiting = await session.proposal(film, customer_id=5)
    accounts = AccountService(talk.other_app.state.database, talk.other_app.state.security)
    await accounts.update(email, {"role": Role.CUSTOMER})
    await assert_refused(talk, session.here, film, waiting)
    # Signed in again, the proposal is still theirs, but customer 5 is not theirs to rent to any more.
    demoted = await session_of(talk, email)
    failed = (await decide(demoted.here, waiting)).json()
    assert (failed["status"], failed["error"]["code"]) == ("failed", "customer_not_found")
    assert await rentals_of(talk, film) == []


async def test_a_new_password_ends_the_right_to_approve(talk: Talk) -> None:
    film, email = await new_film(talk), await new_account(talk, Role.CUSTOMER, customer_id=6)
    session = await session_of(talk, email)
    waiting = await session.proposal(film)
    changed = await change_password(session.here, session.tokens["access_token"], "another engine, No. 4")
    assert changed.status_code == 204
    await assert_refused(talk, session.here, film, waiting)


@pytest.mark.parametrize("revoked", [True, False])
async def test_a_key_approves_until_it_is_revoked(talk: Talk, revoked: bool) -> None:
    film, keys = await new_film(talk), ApiKeyService(talk.app.state.database)
    scopes = [Scope.RENTALS_READ, Scope.RENTALS_WRITE, Scope.CUSTOMERS_READ, Scope.CUSTOMERS_WRITE]
    key = await keys.create(ApiKeyCreate(name="till", scopes=scopes), None)
    async with talk.as_caller(None) as client:
        client.headers.update(bearer(key.key))
        waiting = await proposal_to(talk, client, film, customer_id=5)
        if revoked:
            await keys.revoke(key.id)
        answer = await decide(client, waiting)
    assert answer.status_code == (401 if revoked else 200)
    assert len(await rentals_of(talk, film)) == (not revoked)
