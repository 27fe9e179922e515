"""The catalogue as tools for a model: read-only, bounded in size, one connection for each call."""

from __future__ import annotations

from typing import Annotated, Any

from semantic_kernel.functions import kernel_function

from app.core.database.engine import ReadConnectionFactory
from app.repositories.categories import CategoryRepository
from app.repositories.film_search import Criteria, FilmSearchRepository, FilmSort
from app.repositories.films import FilmRepository
from app.repositories.mentions import MentionRepository
from app.repositories.store_overview import StoreOverviewRepository
from app.schemas.base import MAX_ID
from app.schemas.films import FilmCard, FilmListed
from plugins.film_search.arguments import dollars_of, minutes_of, names_of, ratings_of, stems_of, year_of
from plugins.film_search.mentioned import mentions_as_dict
from plugins.results import MAX_TEXT, as_json, clean

MAX_FILMS = 20
MAX_ACTORS = 10
MAX_MENTIONED = 5
"""Maximum films for a mention."""
MAX_QUESTION = 2000
"""Maximum characters of text searched."""
MAX_STORES = 10

_BRIEF = frozenset({"id", "title", "release_year", "rating", "length", "rental_rate", "replacement_cost", "categories"})
"""Fields of a film in a list. A single film omits only these:"""
_LEFT_OUT = frozenset({"language_id", "original_language_id", "last_update"})
_NAMES = {"id": "film_id", "length": "length_minutes", "rental_duration": "rental_duration_days"}
"""Names with the unit or the kind of id."""


class MentionsPlugin:
    """Finds names in texts, for agents whose own tools take titles."""

    def __init__(self, read_connection: ReadConnectionFactory) -> None:
        self._read_connection = read_connection

    @kernel_function(name="find_mentions")
    async def find_mentions(
        self, text: Annotated[str, "The person's question, as they wrote it, or any other text"]
    ) -> str:
        """Find the films, actors, categories and languages of the store that a text mentions, misspelt ones too.

        Films come with everything that film_details tells. A match is exact, partial or similar (misspelt); a mention
        that is `common` may be an ordinary word, such as "it".
        """
        asked = clean(text, MAX_QUESTION)
        async with self._read_connection() as connection:
            found = await MentionRepository(connection).find(asked)
            chosen = [film_id for mention in found.films for film_id in mention.ids[:MAX_MENTIONED]][:MAX_FILMS]
            cards = {film.id: _card(film) for film in await FilmSearchRepository(connection).cards(chosen)}
        return as_json(mentions_as_dict(asked, found, cards))


class FilmSearchPlugin(MentionsPlugin):
    """Reads only the public catalogue, so it is safe for every caller."""

    @kernel_function(name="search_films")
    async def search_films(
        self,
        title: Annotated[str, "The title or a part of it, as the person wrote it; misspellings are tolerated"],
        limit: Annotated[int, "How many films at most, 1 to 20"] = 5,
    ) -> str:
        """Look up films by title. Tells whether the match is exact, partial, similar (misspelt) or none."""
        asked = clean(title)
        async with self._read_connection() as connection:
            films = FilmSearchRepository(connection)
            found = await films.match_title(asked, limit=_bounded(limit))
            cards = [_card(film) for film in await films.cards(found.ids)]
        for card in cards:
            if card["film_id"] in found.scores:
                card["similarity"] = round(found.scores[card["film_id"]], 2)
        return as_json(
            {
                "query": asked,
                "match": found.match.value,
                "total": found.total,
                "films": cards,
                "other_titles": [f"{name} ({year})" if year else name for name, year in found.others],
            }
        )

    @kernel_function(name="find_films")
    async def find_films(
        self,
        category: Annotated[str | None, "Category such as Horror or Sci-Fi"] = None,
        categories: Annotated[list[str] | None, "Several categories: films that are in all of them"] = None,
        without_categories: Annotated[list[str] | None, "Categories that the films must not be in"] = None,
        actor: Annotated[str | None, "An actor's name or a part of it"] = None,
        actors: Annotated[list[str] | None, "Several actors: films in which all of them play"] = None,
        without_actors: Annotated[list[str] | None, "Actors who must not play in them"] = None,
        words: Annotated[str | None, "Words of the title or description, such as shark"] = None,
        rating: Annotated[str | None, "G, PG, PG-13, R or NC-17"] = None,
        ratings: Annotated[list[str] | None, "Several ratings: films with any of them"] = None,
        without_ratings: Annotated[list[str] | None, "Ratings that the films must not have"] = None,
        language: Annotated[str | None, "Language spoken, such as French"] = None,
        min_year: Annotated[int | None, "Released in this year or later"] = None,
        max_year: Annotated[int | None, "Released in this year or earlier"] = None,
        min_length: Annotated[int | None, "At least this many minutes"] = None,
        max_length: Annotated[int | None, "At most this many minutes"] = None,
        min_rental_rate: Annotated[float | None, "Rents for at least this many dollars"] = None,
        max_rental_rate: Annotated[float | None, "Rents for at most this many dollars"] = None,
        in_stock: Annotated[bool | None, "true: only films with a disc in stock now"] = None,
        streaming: Annotated[bool | None, "true: only films that can be streamed"] = None,
        sort: Annotated[
            str, "title, newest, oldest, shortest, longest, cheapest, most_expensive or costliest_to_replace"
        ] = "title",
        limit: Annotated[int, "How many films at most, 1 to 20"] = 10,
    ) -> str:
        """Find films that fit all the criteria given; leave out what does not matter."""
        try:
            criteria = Criteria(
                categories=names_of(category, categories),
                without_categories=names_of(without_categories),
                actors=names_of(actor, actors),
                without_actors=names_of(without_actors),
                words=stems_of(words),
                ratings=ratings_of(rating, ratings),
                without_ratings=ratings_of(without_ratings),
                language=clean(language) if language else None,
                min_year=year_of(min_year),
                max_year=year_of(max_year),
                min_length=minutes_of(min_length),
                max_length=minutes_of(max_length),
                min_rental_rate=dollars_of(min_rental_rate),
                max_rental_rate=dollars_of(max_rental_rate),
                in_stock=in_stock,
                streaming_available=streaming,
            )
            order = FilmSort(sort.strip().lower())
        except ValueError:
            return as_json({"error": "rating must be G, PG, PG-13, R or NC-17; sort one of those described."})
        async with self._read_connection() as connection:
            total, films = await FilmSearchRepository(connection).find(criteria, sort=order, limit=_bounded(limit))
        return as_json({"total": total, "films": [_brief(film) for film in films]})

    @kernel_function(name="similar_films")
    async def similar_films(
        self,
        title: Annotated[str, "The title of the film that the others should be like"],
        limit: Annotated[int, "How many films at most, 1 to 20"] = 5,
    ) -> str:
        """Find films like a given one: shared categories and actors."""
        async with self._read_connection() as connection:
            films = FilmSearchRepository(connection)
            found = await films.match_title(clean(title), limit=1)
            if not found.ids:
                return as_json({"match": found.match.value, "film": None, "films": []})
            cards = await films.cards(found.ids)
            similar = await films.similar(found.ids[0], limit=_bounded(limit))
        return as_json(
            {"match": found.match.value, "film": _brief(cards[0]), "films": [_brief(film) for film in similar]}
        )

    @kernel_function(name="film_details")
    async def film_details(self, film_id: Annotated[int, "The film's film_id"]) -> str:
        """Everything about one film: cast, description, language, terms, discs."""
        async with self._read_connection() as connection:
            cards = await FilmSearchRepository(connection).cards([min(max(film_id, 0), MAX_ID)])
        if not cards:
            return as_json({"error": f"There is no film with id {film_id}."})
        return as_json({"film": _card(cards[0])})

    @kernel_function(name="film_availability")
    async def film_availability(self, film_id: Annotated[int, "The film's film_id"]) -> str:
        """Discs of a film and how many are in stock in each store; when none is, the earliest due date."""
        async with self._read_connection() as connection:
            cards = await FilmSearchRepository(connection).cards([min(max(film_id, 0), MAX_ID)])
            if not cards:
                return as_json({"error": f"There is no film with id {film_id}."})
            film = cards[0]
            stores = [store for store in await FilmRepository(connection).stock(film.id) if store.copies]
        due = [store.earliest_due_date for store in stores if store.earliest_due_date and not film.in_stock]
        return as_json(
            {
                "film_id": film.id,
                "title": film.title,
                "copies": film.copies,
                "in_stock": film.in_stock,
                "stores": [
                    {"store_id": store.store_id, "copies": store.copies, "in_stock": store.in_stock} for store in stores
                ],
                "next_due": min(due, default=None),
            }
        )

    @kernel_function(name="list_categories")
    async def list_categories(self) -> str:
        """All categories of the store, and how many films each has."""
        async with self._read_connection() as connection:
            categories = await CategoryRepository(connection).all()
        return as_json(
            {"categories": [{"name": category.name, "film_count": category.film_count} for category in categories]}
        )

    @kernel_function(name="store_overview")
    async def store_overview(self) -> str:
        """Tell what the store has in numbers: its stores, and films by language, category and rating."""
        async with self._read_connection() as connection:
            overview = StoreOverviewRepository(connection)
            films, counts = await overview.films(), await overview.counts()
            stores = await overview.stores(limit=MAX_STORES)
        shown = [
            {"store_id": store.store_id, "address": store.address, "city": store.city, "discs": store.discs}
            for store in stores
        ]
        named = {kind: [count._asdict() for count in found] for kind, found in counts.items()}
        total = stores[0].total if stores else 0
        return as_json({**films._asdict(), "store_count": total, "stores": shown, **named})


def _brief(film: FilmListed) -> dict[str, Any]:
    return {_NAMES.get(name, name): value for name, value in film if name in _BRIEF}


def _card(film: FilmCard) -> dict[str, Any]:
    card = {_NAMES.get(name, name): value for name, value in film if name not in _LEFT_OUT}
    card["actors"] = film.actors[:MAX_ACTORS]
    card["description"] = (film.description or "")[:MAX_TEXT] or None
    return card


def _bounded(limit: int) -> int:
    return min(max(limit, 1), MAX_FILMS)
