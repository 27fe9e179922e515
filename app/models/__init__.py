"""All tables, on one metadata, which Alembic reads."""

from sqlmodel import SQLModel

from app.models.accounts import ApiKey, RefreshToken, UserAccount
from app.models.actors import Actor
from app.models.addresses import Address, City, Country
from app.models.categories import Category
from app.models.conversations import Confirmation, Conversation, Turn, TurnEvent
from app.models.customers import Customer
from app.models.films import Film, FilmActor, FilmCategory
from app.models.idempotency import IdempotencyKey
from app.models.inventory import Inventory
from app.models.languages import Language
from app.models.payments import Payment
from app.models.rentals import Rental
from app.models.stores import Staff, Store
from app.models.subscriptions import StreamingSubscription

metadata = SQLModel.metadata

__all__ = [
    "Actor",
    "Address",
    "ApiKey",
    "Category",
    "City",
    "Confirmation",
    "Conversation",
    "Country",
    "Customer",
    "Film",
    "FilmActor",
    "FilmCategory",
    "IdempotencyKey",
    "Inventory",
    "Language",
    "Payment",
    "RefreshToken",
    "Rental",
    "Staff",
    "Store",
    "StreamingSubscription",
    "Turn",
    "TurnEvent",
    "UserAccount",
    "metadata",
]
