"""Mentions in a text, as a model reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.name_matching import Mention
from app.core.name_spellings import tokens_of
from app.repositories.mentions import Mentions


def mentions_as_dict(text: str, found: Mentions, cards: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """Return each mention with its place in the text and what it stands for; films by their `cards`."""
    tokens = tokens_of(text)

    def place(mention: Mention) -> dict[str, Any]:
        start, end = tokens[mention.first].start, tokens[mention.last].end
        return {"mention": text[start:end], "start": start, "end": end, "match": mention.match, "score": mention.score}

    return {
        "films": [
            {
                **place(mention),
                "common": mention.is_common,
                "total": len(mention.ids),
                "films": [cards[film_id] for film_id in mention.ids if film_id in cards],
            }
            for mention in found.films
        ],
        "actors": [{**place(mention), "names": names} for mention, names in found.actors],
        "categories": [{**place(mention), "name": name} for mention, name in found.categories],
        "languages": [{**place(mention), "name": name} for mention, name in found.languages],
    }
