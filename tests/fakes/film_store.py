"""The film search's functions with films in memory, without a database.

store = FilmStore.from_catalogue()
store.call("search_films", {"title": "Alien"})   # {"match": "exact", "films": [...], ...}
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from app.core.name_matching import Mention, Name
from app.core.name_spellings import tokens_of
from app.core.similarity import fold, likeness
from app.repositories.mentions import both, by_stem

CATALOGUE = Path(__file__).resolve().parents[2] / "app" / "seed" / "catalogue.json"
_LIKE = 0.55
_BRIEF = (
    *("film_id", "title", "release_year", "rating", "length_minutes", "rental_rate", "replacement_cost", "categories"),
)
_BOUNDS = {"year": "release_year", "length": "length_minutes", "rental_rate": "rental_rate"}
_ORDERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "title": lambda film: film["title"],
    "newest": lambda film: -(film["release_year"] or 0),
    "oldest": lambda film: film["release_year"] or 9999,
    "shortest": lambda film: film["length_minutes"] or 9999,
    "longest": lambda film: -(film["length_minutes"] or 0),
    "cheapest": lambda film: film["rental_rate"] or 0.0,
    "most_expensive": lambda film: -(film["rental_rate"] or 0.0),
    "costliest_to_replace": lambda film: -(film["replacement_cost"] or 0.0),
}


class FilmStore:
    """Films as cards; every third one is rented out entirely."""

    def __init__(self, cards: Iterable[dict[str, Any]]) -> None:
        self.films = list(cards)
        self.calls: list[tuple[str, dict[str, Any]]] = []

    @classmethod
    def from_catalogue(cls, extra: Iterable[dict[str, Any]] = ()) -> FilmStore:
        """The sample store's films, and others in the same form."""
        entries = json.loads(CATALOGUE.read_text(encoding="utf-8"))
        return cls(card(number, entry) for number, entry in enumerate([*entries, *extra], 1))

    def call(self, function: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """What the film search answers, as the model reads it."""
        self.calls.append((function, dict(arguments)))
        functions: dict[str, Callable[..., dict[str, Any]]] = {
            "search_films": self.search_films,
            "find_films": self.find_films,
            "similar_films": self.similar_films,
            "film_availability": self.film_availability,
            "list_categories": self.list_categories,
            "find_mentions": self.find_mentions,
            "store_overview": self.store_overview,
        }
        answer: dict[str, Any] = json.loads(json.dumps(functions[function](**arguments)))
        return answer

    def search_films(self, title: str, limit: int = 5) -> dict[str, Any]:
        """Exact, else partial, else similar titles."""
        match, found, scores = self._matching(title)
        others = []
        if match == "exact":
            wanted = set(_key(title).split())
            others = [film for film in self.films if wanted <= set(_key(film["title"]).split()) and film not in found]
        cards = [{**film, **({"similarity": scores[film["film_id"]]} if scores else {})} for film in found[:limit]]
        rest = [f"{film['title']} ({film['release_year']})" for film in [*found[limit:], *others][:10]]
        return {"query": title, "match": match, "total": len(found) + len(others), "films": cards, "other_titles": rest}

    def find_films(self, sort: str = "title", limit: int = 10, **criteria: Any) -> dict[str, Any]:
        """Films that fit all criteria."""
        found = [film for film in self.films if all(_fits(film, name, value) for name, value in criteria.items())]
        found.sort(key=lambda film: (_ORDERS[sort](film), film["title"]))
        return {"total": len(found), "films": [_brief(film) for film in found[: min(limit, 20)]]}

    def find_mentions(self, text: str) -> dict[str, Any]:
        """What a text mentions, found as the real tool finds it, among all films."""
        tokens = tokens_of(text)
        actors = sorted({name for film in self.films for name in film["actors"] or ()})
        kinds = [one for known in (self._categories(), self._languages()) for one, _ in by_stem(text, known)]
        films, people = both(
            text,
            [Name(film["film_id"], film["title"]) for film in self.films],
            [Name(number, name) for number, name in enumerate(actors)],
            kinds,
        )
        cards = {film["film_id"]: film for film in self.films}

        def place(one: Mention) -> dict[str, Any]:
            start, end = tokens[one.first].start, tokens[one.last].end
            return {
                "mention": text[start:end],
                "start": start,
                "end": end,
                "match": one.match.value,
                "score": one.score,
            }

        names = {
            kind: [{**place(one), "name": name} for one, name in by_stem(text, known)]
            for kind, known in (("categories", self._categories()), ("languages", self._languages()))
        }
        return {
            "films": [
                {**place(one), "common": one.is_common, "total": len(one.ids), "films": [cards[i] for i in one.ids[:5]]}
                for one in films
            ],
            "actors": [{**place(one), "names": [actors[i] for i in one.ids]} for one in people],
            **names,
        }

    def store_overview(self) -> dict[str, Any]:
        """Films by category and language; two stores."""

        def counted(key: str, names: list[str]) -> list[dict[str, Any]]:
            return [{"name": name, "films": sum(name in (film[key] or "") for film in self.films)} for name in names]

        return {
            "films": len(self.films),
            "store_count": 2,
            "stores": [],
            "categories": counted("categories", self._categories()),
            "languages": counted("language", self._languages()),
        }

    def _categories(self) -> list[str]:
        return sorted({name for film in self.films for name in film["categories"] or ()})

    def _languages(self) -> list[str]:
        return sorted({film["language"] for film in self.films if film["language"]})

    def similar_films(self, title: str, limit: int = 5) -> dict[str, Any]:
        """Films with most categories and actors in common."""
        match, found, _ = self._matching(title)
        if not found:
            return {"match": match, "film": None, "films": []}
        film = found[0]

        def shared(other: dict[str, Any]) -> int:
            return sum(len(set(film[key]) & set(other[key])) for key in ("categories", "actors"))

        others = sorted((other for other in self.films if other is not film), key=shared, reverse=True)
        return {
            "match": match,
            "film": _brief(film),
            "films": [_brief(other) for other in others[:limit] if shared(other)],
        }

    def film_availability(self, film_id: int) -> dict[str, Any]:
        """Copies in two stores."""
        film = next((film for film in self.films if film["film_id"] == film_id), None)
        if film is None:
            return {"error": f"There is no film with id {film_id}."}
        free = film["in_stock"]
        stores = [
            {"store_id": 1, "copies": film["copies"] - 1, "in_stock": free and free - 1},
            {"store_id": 2, "copies": 1, "in_stock": min(free, 1)},
        ]
        due = None if free else "2022-05-03T10:00:00+00:00"
        known = {key: film[key] for key in ("film_id", "title", "copies", "in_stock")}
        return {**known, "stores": stores, "next_due": due}

    def list_categories(self) -> dict[str, Any]:
        """All categories with their numbers of films."""
        names = sorted({name for film in self.films for name in film["categories"]})
        counts = {name: sum(name in film["categories"] for film in self.films) for name in names}
        return {"categories": [{"name": name, "film_count": count} for name, count in counts.items()]}

    def _matching(self, title: str) -> tuple[str, list[dict[str, Any]], dict[int, float]]:
        key = _key(title)
        if exact := [film for film in self.films if _key(film["title"]) == key]:
            return "exact", exact, {}
        wanted = set(key.split())
        if partial := [film for film in self.films if wanted and wanted <= set(_key(film["title"]).split())]:
            return "partial", sorted(partial, key=lambda film: len(film["title"])), {}
        scores = {film["film_id"]: round(likeness(key, _key(film["title"])), 2) for film in self.films}
        similar = [film for film in self.films if scores[film["film_id"]] >= _LIKE]
        similar.sort(key=lambda film: -scores[film["film_id"]])
        return ("similar" if similar else "none"), similar, scores


def card(number: int, entry: Mapping[str, Any]) -> dict[str, Any]:
    """A catalogue entry as the film search shows it."""
    return {
        "film_id": number,
        "title": entry["title"],
        "release_year": entry["year"],
        "rating": entry["rating"],
        "length_minutes": entry["length"],
        "rental_rate": entry["rental_rate"],
        "categories": sorted(entry["categories"]),
        "description": entry["description"],
        "language": entry["language"],
        "rental_duration_days": 3 + number % 5,
        "replacement_cost": 19.99,
        "special_features": ["Trailers", "Deleted Scenes"],
        "streaming_available": number % 2 == 0,
        "actors": list(entry["actors"]),
        "copies": 3,
        "in_stock": number % 3,
    }


def _key(title: str) -> str:
    words = "".join(char if char.isalnum() else " " for char in fold(title).replace("'", "")).split()
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words)


def _brief(film: Mapping[str, Any]) -> dict[str, Any]:
    return {key: film[key] for key in _BRIEF}


def _fits(film: Mapping[str, Any], name: str, value: Any) -> bool:
    if name.startswith("without_"):
        return not any(_fits(film, name.removeprefix("without_"), [one]) for one in value)
    if name.partition("_")[0] in ("min", "max"):
        known = film[_BOUNDS[name.partition("_")[2]]]
        return known is not None and (known >= value if name.startswith("min") else known <= value)
    if name in ("categories", "actors"):
        return all(any(one.lower() in known.lower() for known in film[name] or ()) for one in value)
    if name == "words":
        return all(word.lower() in f"{film['title']} {film['description']}".lower() for word in value.split())
    if name == "ratings":
        return film["rating"] in value
    if name == "language":
        return bool(film["language"] == value)
    return bool(film["in_stock" if name == "in_stock" else "streaming_available"]) is value
