"""The sample store's films: the catalogue, rental terms, and invented films."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from app.seed.catalogue import CatalogueFilm, read_catalogue
from app.seed.films import CATEGORIES, FilmRow, actors_of, film_rows, languages_of, split_name
from app.seed.inventions import MOST_INVENTED, invented_films

CATALOGUE = read_catalogue()


def rows_of(films: list[CatalogueFilm]) -> list[FilmRow]:
    return list(film_rows(films, languages_of(CATALOGUE)))


def test_alien_has_the_facts_of_the_real_film() -> None:
    alien = next(film for film in CATALOGUE if film.title == "Alien")

    assert (alien.year, alien.length, alien.rating.value, str(alien.rental_rate)) == (1979, 117, "R", "2.99")
    assert "Horror" in alien.categories
    assert "Sigourney Weaver" in alien.actors


def test_no_film_is_in_the_catalogue_twice() -> None:
    counts = Counter((film.title, film.year) for film in CATALOGUE)

    assert [film for film, count in counts.items() if count > 1] == []


def test_every_category_has_films_of_the_catalogue_and_there_is_no_other() -> None:
    assert {category for film in CATALOGUE for category in film.categories} == set(CATEGORIES)
    assert sorted(CATEGORIES) == list(CATEGORIES)


def test_a_film_has_each_category_and_each_actor_once() -> None:
    for film in [*CATALOGUE, *invented_films(100, CATEGORIES)]:
        assert len(set(film.categories)) == len(film.categories) > 0, film.title
        assert len(set(film.actors)) == len(film.actors) > 0, film.title


def test_languages_begin_with_pagilas() -> None:
    languages = languages_of(CATALOGUE)

    assert languages[:6] == ("English", "Italian", "Japanese", "Mandarin", "French", "German")
    assert {film.language for film in CATALOGUE} <= set(languages)


def test_the_terms_are_within_pagilas_ranges() -> None:
    rows = rows_of(CATALOGUE)

    assert {row.rental_duration for row in rows} == {3, 4, 5, 6, 7}
    assert min(row.replacement_cost for row in rows) == Decimal("9.99")
    assert max(row.replacement_cost for row in rows) == Decimal("29.99")
    assert 0.3 < sum(row.streaming_available for row in rows) / len(rows) < 0.37


def test_a_film_keeps_its_terms_when_another_joins_the_catalogue() -> None:
    alien, aliens = CATALOGUE[:2]

    alone, after = rows_of([aliens])[0], rows_of([alien, aliens])[1]

    assert (alone.rental_duration, alone.replacement_cost, alone.special_features) == (
        after.rental_duration,
        after.replacement_cost,
        after.special_features,
    )


def test_an_actor_of_several_films_is_one_actor() -> None:
    actors = actors_of(CATALOGUE)

    assert len(actors) < sum(len(film.actors) for film in CATALOGUE)
    assert sorted(actors.values()) == list(range(1, len(actors) + 1))


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Sigourney Weaver", ("Sigourney", "Weaver")),
        ("Samuel L. Jackson", ("Samuel L.", "Jackson")),
        ("Robert De Niro", ("Robert", "De Niro")),
        ("Max von Sydow", ("Max", "von Sydow")),
        ("Rodrigo de la Serna", ("Rodrigo", "de la Serna")),
        ("Helena Bonham Carter", ("Helena", "Bonham Carter")),
        ("Robert Downey Jr.", ("Robert", "Downey Jr.")),
    ],
)
def test_names_are_split_into_first_and_last_name(name: str, parts: tuple[str, str]) -> None:
    assert split_name(name) == parts


def test_invented_titles_are_unique_and_not_real_ones() -> None:
    titles = [film.title for film in invented_films(MOST_INVENTED, CATEGORIES)]

    assert len(set(titles)) == len(titles) == MOST_INVENTED
    assert not set(titles) & {film.title for film in CATALOGUE}


def test_invented_films_say_that_they_are_invented() -> None:
    assert all(film.description.startswith("An invented film:") for film in invented_films(200, CATEGORIES))


def test_more_invented_films_begin_with_the_same_ones() -> None:
    assert invented_films(30, CATEGORIES) == invented_films(60, CATEGORIES)[:30]
