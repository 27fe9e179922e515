"""Films, and their categories and actors."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import Field

from app.models.base import Stamped, reference
from app.models.fields import WHOLE, Flag, Id, LongText, Text, between, price
from app.models.types import (
    FULLTEXT,
    MINUTES,
    MPAA_RATING,
    RELEASE_YEARS,
    TEXT_LIST,
    YEAR,
    Money,
    Rating,
)

Year = Annotated[int, between(*RELEASE_YEARS), WHOLE]
Days = Annotated[int, between(1, 365), WHOLE]
Minutes = Annotated[int, between(*MINUTES), WHOLE]
RentalRate = Annotated[Decimal, price("0.01", "99.99")]
ReplacementCost = Annotated[Decimal, price("0.01", "999.99")]
SpecialFeatures = Annotated[
    list[Text], Field(max_length=50, schema_extra={"examples": [["Trailers", "Deleted Scenes"]]})
]


class FilmFields(BaseModel):
    """A film's own fields, each declared here once: type, bounds, default and column.

    Requests, responses, columns of queries, CSV columns, tool results and sample data derive from these.
    """

    title: Text = Field(sa_type=sa.Text)
    description: LongText | None = Field(default=None, sa_type=sa.Text)
    release_year: Year | None = Field(default=None, sa_column=sa.Column(YEAR))
    language_id: Id = reference("language.language_id")
    original_language_id: Id | None = reference("language.language_id", nullable=True)
    rental_duration: Days = Field(default=3, sa_type=sa.SmallInteger, sa_column_kwargs={"server_default": sa.text("3")})
    """Days."""
    rental_rate: RentalRate = Field(
        default=Decimal("4.99"),
        sa_column=sa.Column(Money(4), nullable=False, server_default=sa.text("4.99")),
        schema_extra={"json_schema_extra": {"default": 4.99}},
    )
    length: Minutes | None = Field(default=None, sa_type=sa.SmallInteger)
    """Minutes."""
    replacement_cost: ReplacementCost = Field(
        default=Decimal("19.99"),
        sa_column=sa.Column(Money(5), nullable=False, server_default=sa.text("19.99")),
        schema_extra={"json_schema_extra": {"default": 19.99}},
    )
    rating: Rating | None = Field(
        default=Rating.G, sa_column=sa.Column(MPAA_RATING, nullable=True, server_default=sa.text("'G'"))
    )
    special_features: SpecialFeatures | None = Field(default=None, sa_column=sa.Column(TEXT_LIST))
    streaming_available: Flag = Field(default=False, sa_column_kwargs={"server_default": sa.false()})


class Film(FilmFields, Stamped, table=True):
    """A title of the catalogue; discs of it are `Inventory`."""

    __tablename__ = "film"
    __table_args__ = (
        sa.Index("idx_title", "title"),
        sa.Index("idx_fk_language_id", "language_id"),
        sa.Index("idx_fk_original_language_id", "original_language_id"),
        sa.Index("idx_film_release_year", "release_year"),
        sa.Index("idx_film_rental_rate", "rental_rate"),
        sa.Index("idx_film_length", "length"),
        sa.Index("film_fulltext_idx", "fulltext", postgresql_using="gist"),
    )

    film_id: int | None = Field(default=None, primary_key=True)
    fulltext: str | None = Field(
        default=None, sa_column=sa.Column(FULLTEXT, nullable=False, server_default=sa.FetchedValue())
    )


class FilmCategory(Stamped, table=True):
    """A link between a film and one of its categories."""

    __tablename__ = "film_category"
    __table_args__ = (sa.Index("idx_film_category_category_id", "category_id"),)

    film_id: int = reference("film.film_id", primary_key=True)
    category_id: int = reference("category.category_id", primary_key=True)


class FilmActor(Stamped, table=True):
    """A link between a film and one of its actors."""

    __tablename__ = "film_actor"
    __table_args__ = (sa.Index("idx_fk_film_id", "film_id"),)

    actor_id: int = reference("actor.actor_id", primary_key=True)
    film_id: int = reference("film.film_id", primary_key=True)
