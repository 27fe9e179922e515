"""Dependencies of routes: annotated aliases for objects that `create_app` put on the application.

All are coroutines, because FastAPI runs plain functions in a thread, which takes a third of a request's time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, TypeVar

from fastapi import Depends, Path, Request

from app.api.authentication import CallerDep
from app.api.disconnect import until_disconnect
from app.core.auth.identity import Caller
from app.core.database.engine import Database
from app.core.settings import Settings
from app.schemas.base import MAX_ID
from app.services.accounts import AccountService
from app.services.actors import ActorService
from app.services.admins import AdminService
from app.services.ai import AiService, AssistantLoader
from app.services.api_keys import ApiKeyService
from app.services.categories import CategoryService
from app.services.confirmations import ConfirmationService
from app.services.conversations import ConversationService
from app.services.customers import CustomerService
from app.services.film_files import FilmFileService
from app.services.film_search import FilmSearchService
from app.services.films import FilmService
from app.services.health import HealthService
from app.services.inventory import InventoryService
from app.services.known_keys import KnownKeys
from app.services.payments import PaymentService
from app.services.rentals import RentalService
from app.services.security import SecurityLoader
from app.services.sign_in import SignInService
from app.services.subscriptions import SubscriptionService
from app.services.turn_runner import TurnRunner
from app.services.turns import TurnService

S = TypeVar("S")


async def get_database(request: Request) -> Database:
    """Return the process's database."""
    database: Database = request.app.state.database
    return database


async def get_loader(request: Request) -> AssistantLoader:
    """Return the loader of the process's assistant."""
    loader: AssistantLoader = request.app.state.assistant
    return loader


async def get_known_keys(request: Request) -> KnownKeys:
    """Return the process's known API keys."""
    known: KnownKeys = request.app.state.known_keys
    return known


async def get_runner(request: Request) -> TurnRunner:
    """Return the process's turn runner."""
    runner: TurnRunner = request.app.state.turns
    return runner


async def get_app_settings(request: Request) -> Settings:
    """Return the application's settings."""
    settings: Settings = request.app.state.settings
    return settings


DatabaseDep = Annotated[Database, Depends(get_database)]
LoaderDep = Annotated[AssistantLoader, Depends(get_loader)]
KnownKeysDep = Annotated[KnownKeys, Depends(get_known_keys)]
RunnerDep = Annotated[TurnRunner, Depends(get_runner)]
SettingsDep = Annotated[Settings, Depends(get_app_settings)]


async def get_security(request: Request) -> SecurityLoader:
    """Return the loader of passwords and tokens; hashing is cancelled when the client disconnects."""
    security: SecurityLoader = request.app.state.security
    return security.guarded_by(partial(until_disconnect, request))


SecurityDep = Annotated[SecurityLoader, Depends(get_security)]


def _on_database(service: Callable[[Database], S]) -> Callable[[DatabaseDep], Awaitable[S]]:
    """Return the dependency for a service that needs only the database."""

    async def get_service(database: DatabaseDep) -> S:
        return service(database)

    return get_service


def _for_caller(service: Callable[[Database, Caller], S]) -> Callable[[DatabaseDep, CallerDep], Awaitable[S]]:
    """Return the dependency for a service that needs the caller."""

    async def get_service(database: DatabaseDep, caller: CallerDep) -> S:
        return service(database, caller)

    return get_service


async def get_api_key_service(database: DatabaseDep, known: KnownKeysDep) -> ApiKeyService:
    """Return the API key service."""
    return ApiKeyService(database, known)


async def get_account_service(database: DatabaseDep, security: SecurityDep, known: KnownKeysDep) -> AccountService:
    """Return the account service."""
    return AccountService(database, security, known)


async def get_sign_in_service(database: DatabaseDep, security: SecurityDep) -> SignInService:
    """Return the sign-in service."""
    return SignInService(database, security)


async def get_ai_service(loader: LoaderDep, database: DatabaseDep, caller: CallerDep) -> AiService:
    """Return the AI service for this caller."""
    return AiService(loader, database, caller)


async def get_rental_service(database: DatabaseDep, caller: CallerDep, settings: SettingsDep) -> RentalService:
    """Return the rental service for this caller."""
    return RentalService(database, caller, max_open=settings.max_open_rentals)


async def get_conversation_service(
    database: DatabaseDep, caller: CallerDep, runner: RunnerDep, settings: SettingsDep
) -> ConversationService:
    """Return the conversation service for this caller."""
    return ConversationService(database, caller, runner, days=settings.conversation_days)


async def get_confirmation_service(
    database: DatabaseDep, caller: CallerDep, settings: SettingsDep
) -> ConfirmationService:
    """Return the confirmation service for this caller."""
    return ConfirmationService(database, caller, max_open=settings.max_open_rentals)


async def get_turn_service(database: DatabaseDep, caller: CallerDep, runner: RunnerDep) -> TurnService:
    """Return the turn service for this caller."""
    return TurnService(database, caller, runner)


async def get_health_service(database: DatabaseDep, settings: SettingsDep, loader: LoaderDep) -> HealthService:
    """Return the health service."""
    return HealthService(database, settings, loader)


FilmServiceDep = Annotated[FilmService, Depends(_on_database(FilmService))]
FilmFileServiceDep = Annotated[FilmFileService, Depends(_on_database(FilmFileService))]
FilmSearchServiceDep = Annotated[FilmSearchService, Depends(_on_database(FilmSearchService))]
CategoryServiceDep = Annotated[CategoryService, Depends(_on_database(CategoryService))]
RentalServiceDep = Annotated[RentalService, Depends(get_rental_service)]
ActorServiceDep = Annotated[ActorService, Depends(_on_database(ActorService))]
InventoryServiceDep = Annotated[InventoryService, Depends(_on_database(InventoryService))]
CustomerServiceDep = Annotated[CustomerService, Depends(_for_caller(CustomerService))]
PaymentServiceDep = Annotated[PaymentService, Depends(_for_caller(PaymentService))]
SubscriptionServiceDep = Annotated[SubscriptionService, Depends(_on_database(SubscriptionService))]
AdminServiceDep = Annotated[AdminService, Depends(_on_database(AdminService))]
ApiKeyServiceDep = Annotated[ApiKeyService, Depends(get_api_key_service)]
AccountServiceDep = Annotated[AccountService, Depends(get_account_service)]
SignInServiceDep = Annotated[SignInService, Depends(get_sign_in_service)]
AiServiceDep = Annotated[AiService, Depends(get_ai_service)]
ConversationServiceDep = Annotated[ConversationService, Depends(get_conversation_service)]
ConfirmationServiceDep = Annotated[ConfirmationService, Depends(get_confirmation_service)]
TurnServiceDep = Annotated[TurnService, Depends(get_turn_service)]
HealthServiceDep = Annotated[HealthService, Depends(get_health_service)]

Id = Annotated[int, Path(ge=1, le=MAX_ID)]
