"""What routes ask for: annotated aliases, built from what `create_app` put on the application.

All are coroutines, for FastAPI runs plain functions in a thread: a third of a request's time for an attribute look-up.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Request

from app.core.db import Database
from app.core.settings import Settings
from app.schemas.base import MAX_ID
from app.services.actors import ActorService
from app.services.ai import AiService, AssistantLoader
from app.services.categories import CategoryService
from app.services.customers import CustomerService
from app.services.film_files import FilmFileService
from app.services.film_search import FilmSearchService
from app.services.films import FilmService
from app.services.health import HealthService
from app.services.inventory import InventoryService
from app.services.payments import PaymentService
from app.services.rentals import RentalService
from app.services.subscriptions import SubscriptionService


async def get_database(request: Request) -> Database:
    """The process's database."""
    database: Database = request.app.state.database
    return database


async def get_loader(request: Request) -> AssistantLoader:
    """The process's assistant, loaded or on its way."""
    loader: AssistantLoader = request.app.state.assistant
    return loader


async def get_app_settings(request: Request) -> Settings:
    """The settings this application was created with."""
    settings: Settings = request.app.state.settings
    return settings


DatabaseDep = Annotated[Database, Depends(get_database)]
LoaderDep = Annotated[AssistantLoader, Depends(get_loader)]
SettingsDep = Annotated[Settings, Depends(get_app_settings)]


async def get_film_service(database: DatabaseDep) -> FilmService:
    """Films, for this request."""
    return FilmService(database)


async def get_film_file_service(database: DatabaseDep) -> FilmFileService:
    """Films as CSV, for this request."""
    return FilmFileService(database)


async def get_film_search_service(database: DatabaseDep) -> FilmSearchService:
    """Searches of films, for this request."""
    return FilmSearchService(database)


async def get_category_service(database: DatabaseDep) -> CategoryService:
    """Categories, for this request."""
    return CategoryService(database)


async def get_rental_service(database: DatabaseDep) -> RentalService:
    """Rentals, for this request."""
    return RentalService(database)


async def get_actor_service(database: DatabaseDep) -> ActorService:
    """Actors, for this request."""
    return ActorService(database)


async def get_inventory_service(database: DatabaseDep) -> InventoryService:
    """Discs, for this request."""
    return InventoryService(database)


async def get_customer_service(database: DatabaseDep) -> CustomerService:
    """Customers, for this request."""
    return CustomerService(database)


async def get_payment_service(database: DatabaseDep) -> PaymentService:
    """Payments, for this request."""
    return PaymentService(database)


async def get_subscription_service(database: DatabaseDep) -> SubscriptionService:
    """Subscriptions, for this request."""
    return SubscriptionService(database)


async def get_ai_service(loader: LoaderDep, database: DatabaseDep) -> AiService:
    """Answers, for this request."""
    return AiService(loader, database)


async def get_health_service(database: DatabaseDep, settings: SettingsDep) -> HealthService:
    """Whether we can work."""
    return HealthService(database, settings)


FilmServiceDep = Annotated[FilmService, Depends(get_film_service)]
FilmFileServiceDep = Annotated[FilmFileService, Depends(get_film_file_service)]
FilmSearchServiceDep = Annotated[FilmSearchService, Depends(get_film_search_service)]
CategoryServiceDep = Annotated[CategoryService, Depends(get_category_service)]
RentalServiceDep = Annotated[RentalService, Depends(get_rental_service)]
ActorServiceDep = Annotated[ActorService, Depends(get_actor_service)]
InventoryServiceDep = Annotated[InventoryService, Depends(get_inventory_service)]
CustomerServiceDep = Annotated[CustomerService, Depends(get_customer_service)]
PaymentServiceDep = Annotated[PaymentService, Depends(get_payment_service)]
SubscriptionServiceDep = Annotated[SubscriptionService, Depends(get_subscription_service)]
AiServiceDep = Annotated[AiService, Depends(get_ai_service)]
HealthServiceDep = Annotated[HealthService, Depends(get_health_service)]

Id = Annotated[int, Path(ge=1, le=MAX_ID)]
