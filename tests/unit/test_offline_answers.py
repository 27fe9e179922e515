"""Look-ups and answers of the offline model for single questions, with the sample store's films in memory."""

from __future__ import annotations

import random
import string
from collections.abc import Mapping
from typing import Any

import pytest

from tests.fakes.film_store import FilmStore, card
from tests.fakes.offline_turn import ask

PAGILA_TITLES = (
    *("ACADEMY DINOSAUR", "ALIEN CENTER", "DESIRE ALIEN", "HOBBIT ALIEN", "LANGUAGE COWBOY", "PURPLE MOVIE"),
    *("MOURNING PURPLE", "MOVIE SHAKESPEARE", "NATURAL STOCK", "NATIONAL STORY", "EARTH VISION", "LOVE SUICIDES"),
)


def film(number: int, title: str, **changes: Any) -> dict[str, Any]:
    entry = {
        "title": title,
        "year": 2010,
        "length": 86,
        "rating": "PG",
        "categories": ["Horror"],
        "actors": ["PENELOPE GUINESS", "NICK WAHLBERG"],
        "language": "English",
        "rental_rate": 0.99,
        "description": "A Drama of a Teacher who must Outwit a Mad Scientist in The Rockies",
    }
    return {**card(number, entry), **changes}


@pytest.fixture(scope="module")
def store() -> FilmStore:
    return FilmStore.from_catalogue()


@pytest.fixture(scope="module")
def pagila() -> FilmStore:
    return FilmStore(film(number, title) for number, title in enumerate(PAGILA_TITLES, 1))


ONE_LOOK_UP = [
    ("What is the rental rate for the film Alien?", "Alien", "Alien (Horror, Sci-Fi) rents for $2.99."),
    ("how long is the matrix", "the matrix", "The Matrix (1999) runs 136 minutes (2 h 16 min)."),
    ("What is Psycho rated?", "Psycho", "Psycho (1960) is rated R."),
    ("when did jaws come out", "jaws", "Jaws was released in 1975."),
    ("what language is Amelie in?", "Amelie", "Amélie (2001) is in French."),
    ("what genre is Parasite", "Parasite", "Parasite (2019) is in the categories Drama, Foreign and New."),
    ("Who stars in Rain Man?", "Rain Man", "Rain Man (1988) stars Dustin Hoffman, Tom Cruise and Valeria Golino."),
    ("Did Tom Hanks play in Big?", "Big", "Yes, Tom Hanks is in Big (1988)."),
    (
        "is it true? Is Up ok for a 5 year old?",
        "Up",
        "Up (2009) is rated PG, which suits most families; parents may want to watch along with young children.",
    ),
    (
        "Do you have 1917?",
        "1917",
        "Yes, the store has 1917 (2019): Action, Drama and New, rated R, 119 minutes, rents for $4.99, "
        "2 of 3 copies in stock.",
    ),
    (
        "what is the price and the rating of Her",
        "Her",
        "Her (Drama, Sci-Fi) rents for $2.99 and is rated R.",
    ),
]


@pytest.mark.parametrize(("question", "title", "answer"), ONE_LOOK_UP)
def test_questions_with_one_look_up_are_answered(store: FilmStore, question: str, title: str, answer: str) -> None:
    outcome = ask(store, question)
    assert outcome.calls == [("find_mentions", {"text": question})]
    assert outcome.answer == answer
    assert outcome.rounds == 2


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Quote me a price on renting Whiplash", "Whiplash (Drama, Music) rents for $2.99."),
        ("Renting Amadeus - what's the damage?", "Amadeus (Drama, Music) rents for $2.99."),
        ("Can I afford Skyfall with 3 dollars?", "Skyfall (Action) rents for $2.99."),
        ("When was it that Casablanca was released?", "Casablanca was released in 1942."),
        ("minutes of Rashomon", "Rashomon (1950) runs 88 minutes (1 h 28 min)."),
        (
            "My son is 7. Can he watch Jurassic Park?",
            "Jurassic Park (1993) is rated PG-13, which may not be suitable for children under 13.",
        ),
        (
            "available: Jaws?",
            "Jaws (1975) is in stock: 2 of 3 copies are available (store 1: 1, store 2: 1).",
        ),
        (
            "Under which category do you file Mamma Mia!?",
            "Mamma Mia! (2008) is in the categories Comedy and Music.",
        ),
        ("Which comedies star Tom Cruise?", "The store has no Comedy films with Tom Cruise."),
        (
            "Between Alien and Aliens, which is newer?",
            "Alien was released in 1979. Aliens was released in 1986. Aliens is the newer one.",
        ),
        ("What is Up and how much is it?", "Up (Animation, Family, Travel) rents for $2.99."),
    ],
)
def test_questions_in_a_form_of_their_own(store: FilmStore, question: str, answer: str) -> None:
    assert ask(store, question).answer == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("price of godfater", "The Godfather (Drama) rents for $2.99. (I took “godfater” for The Godfather.)"),
        (
            "shawshank redemtion length",
            "The Shawshank Redemption (1994) runs 142 minutes (2 h 22 min). "
            "(I took “shawshank redemtion” for The Shawshank Redemption.)",
        ),
        (
            "how much is Alein?",
            "I did not find “Alein”. Did you mean Alien (1979)? Alien (Horror, Sci-Fi) rents for $2.99.",
        ),
        (
            "how much is Finding Dory?",
            "The store has no film called “Finding Dory”. The nearest title is Finding Nemo (2003).",
        ),
        (
            "Toy Story 4 price",
            "The store has no film called “Toy Story 4”. The nearest title is Toy Story (1995).",
        ),
        ("twelve angry men length", "12 Angry Men (1957) runs 96 minutes (1 h 36 min)."),
        ("godfather 2 length", "The Godfather Part II (1974) runs 202 minutes (3 h 22 min)."),
    ],
)
def test_the_answer_says_that_a_title_was_misspelt(store: FilmStore, question: str, answer: str) -> None:
    assert ask(store, question).answer == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "how much is King Kong?",
            "The store has 2 films called King Kong. King Kong from 1933 (Classics, Horror) rents for $0.99. "
            "King Kong from 2005 (Action, Drama) rents for $2.99.",
        ),
        ("how much is King Kong from 2005?", "King Kong (Action, Drama) rents for $2.99."),
        ("king kong 1933 price", "King Kong (Classics, Horror) rents for $0.99."),
        ("how much is the new King Kong", "King Kong (Action, Drama) rents for $2.99."),
        (
            "King Kong (1976) length",
            "The store has 2 films called King Kong. The store has no King Kong from 1976. "
            "King Kong (1933) runs 100 minutes (1 h 40 min). "
            "King Kong (2005) runs 187 minutes (3 h 7 min).",
        ),
        ("how long is Blade Runner 2049", "Blade Runner 2049 (2017) runs 164 minutes (2 h 44 min)."),
        (
            "Apollo rating",
            "2 titles have “Apollo” in them. Apollo 11 (2019) is rated G. Apollo 13 (1995) is rated PG.",
        ),
        (
            "rating of shawshank",
            "The one title with “shawshank” in it is The Shawshank Redemption. "
            "The Shawshank Redemption (1994) is rated R.",
        ),
    ],
)
def test_a_question_that_several_films_match_is_answered(store: FilmStore, question: str, answer: str) -> None:
    assert ask(store, question).answer == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "rental rates of Jaws, Rocky and Up",
            "Jaws (Action, Horror) rents for $2.99. Rocky (Drama, Sports) rents for $2.99. "
            "Up (Animation, Family, Travel) rents for $2.99.",
        ),
        (
            "how much are Jaws and Zardoz?",
            "Jaws (Action, Horror) rents for $2.99. The store has no film called “Zardoz”.",
        ),
        (
            "price of Butch Cassidy and the Sundance Kid",
            "Butch Cassidy and the Sundance Kid (Action, Classics) rents for $0.99.",
        ),
        (
            "how long are The Good, the Bad and the Ugly and Jaws?",
            "The Good, the Bad and the Ugly (1966) runs 161 minutes (2 h 41 min). "
            "Jaws (1975) runs 124 minutes (2 h 4 min).",
        ),
        (
            "Which is longer, Alien or Aliens?",
            "Alien (1979) runs 117 minutes (1 h 57 min). Aliens (1986) runs 137 minutes (2 h 17 min). "
            "Aliens is the longer one.",
        ),
        (
            "compare Alien and Aliens",
            "Alien (1979): Horror and Sci-Fi, rated R, 117 minutes, rents for $2.99. "
            "Aliens (1986): Action, Horror and Sci-Fi, rated R, 137 minutes, rents for $2.99.",
        ),
    ],
)
def test_several_films_in_one_question(store: FilmStore, question: str, answer: str) -> None:
    outcome = ask(store, question)
    assert outcome.answer == answer
    assert outcome.rounds == 2


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "is Jaws in stock?",
            "Jaws (1975) is in stock: 2 of 3 copies are available (store 1: 1, store 2: 1).",
        ),
        (
            "can I rent Casablanca?",
            "Casablanca (1942) is not in stock: all 3 copies are rented out; "
            "the next one was due back on 3 May 2022 and is overdue.",
        ),
    ],
)
def test_availability_takes_a_second_look_up(store: FilmStore, question: str, answer: str) -> None:
    outcome = ask(store, question)
    assert [function for function, _ in outcome.calls] == ["find_mentions", "film_availability"]
    assert outcome.answer == answer
    assert outcome.rounds == 3


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "the longest drama",
            "The longest Drama film is The Godfather Part II (1974, 202 min). Next come Titanic (1997, 195 min) and "
            "King Kong (2005, 187 min).",
        ),
        (
            "R-rated horror from the 80s under 2 hours",
            "The store has 2 Horror films rated R from 1980 to 1989 of at most 119 minutes (1 h 59 min): "
            "A Nightmare on Elm Street (1984, 91 min, R) and The Thing (1982, 109 min, R).",
        ),
        (
            "Which films have both Brad Pitt and Morgan Freeman?",
            "The store has 1 film with Brad Pitt and Morgan Freeman: Se7en (1995).",
        ),
        (
            "sports documentaries",
            "The store has 3 Documentary and Sports films: Free Solo (2018), Hoop Dreams (1994) and Senna (2010).",
        ),
        ("horror films rated G", "The store has no Horror films rated G."),
        ("films with Meryl Strep", "The store has 1 film with Meryl Streep: Mamma Mia! (2008)."),
        (
            "films with Sigorney Weaver before 1985",
            "The store has 2 films with Sigourney Weaver up to 1984: Alien (1979) and Ghostbusters (1984).",
        ),
        ("how many films do you have", "The store has 205 films."),
        (
            "Tom Cruise",
            "The store has 2 films with Tom Cruise: Rain Man (1988) and Top Gun: Maverick (2022).",
        ),
        (
            "Toy Story movies",
            "The store has Toy Story (1995; Animation, Children, Comedy), Toy Story 2 (1999) and Toy Story 3 (2010).",
        ),
    ],
)
def test_films_that_fit_criteria(store: FilmStore, question: str, answer: str) -> None:
    assert ask(store, question).answer == answer


def test_a_category_the_store_does_not_have(store: FilmStore) -> None:
    outcome = ask(store, "do you have any westerns?")
    assert [function for function, _ in outcome.calls] == ["find_films", "store_overview"]
    assert outcome.answer is not None
    assert outcome.answer.startswith("The store has no category called Western. It has 16 categories: Action (")


def test_films_like_another(store: FilmStore) -> None:
    outcome = ask(store, "something like Jaws")
    assert outcome.calls[1:] == [("similar_films", {"title": "Jaws"})]
    assert outcome.answer is not None
    assert outcome.answer.startswith("If you like Jaws (1975), try ")


@pytest.mark.parametrize(
    "question",
    [
        "do you have Avengers: Endgame?",
        "How much is The Hobbit?",
        "Coraline",
        "how long is a marathon",
        "what is love",
        "How much is a Tesla?",
        "something like Frozen",
        "zombie movies",
        "asdfghjkl",
    ],
)
def test_what_the_store_does_not_have_is_handed_over(store: FilmStore, question: str) -> None:
    outcome = ask(store, question)
    assert outcome.answer is None
    assert outcome.calls != []


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("rental rate of academy dinosaur", "ACADEMY DINOSAUR (Horror) rents for $0.99."),
        (
            "What is the rental rate for the film Alien?",
            "3 titles have “Alien” in them. ALIEN CENTER from 2010 (Horror) rents for $0.99. DESIRE ALIEN from 2010 "
            "(Horror) rents for $0.99. HOBBIT ALIEN from 2010 (Horror) rents for $0.99.",
        ),
        ("price of PURPLE MOVIE", "PURPLE MOVIE (Horror) rents for $0.99."),
        ("how much is movie shakespeare?", "MOVIE SHAKESPEARE (Horror) rents for $0.99."),
        ("how long is national story", "NATIONAL STORY (2010) runs 86 minutes (1 h 26 min)."),
        (
            "is Natural Stock in stock?",
            "NATURAL STOCK (2010) is not in stock: all 3 copies are rented out; "
            "the next one was due back on 3 May 2022 and is overdue.",
        ),
        ("how old is the earth", None),
    ],
)
def test_an_adopted_database_with_titles_in_capitals(pagila: FilmStore, question: str, answer: str | None) -> None:
    assert ask(pagila, question).answer == answer


def test_a_fact_at_the_edge_of_a_title_does_not_hide_the_title(pagila: FilmStore) -> None:
    outcome = ask(pagila, "LANGUAGE COWBOY")
    assert outcome.answer is not None
    assert outcome.answer.startswith("LANGUAGE COWBOY (2010): Horror")


@pytest.mark.parametrize(
    ("earlier", "question", "answer"),
    [
        (["Do you have Alien?"], "How long is it?", "Alien (1979) runs 117 minutes (1 h 57 min)."),
        (["How long is Alien?"], "what about Aliens?", "Aliens (1986) runs 137 minutes (2 h 17 min)."),
        (["the longest drama"], "what is it rated?", "The Godfather Part II (1974) is rated R."),
        (["rating of Alein"], "yes", "Alien (1979) is rated R."),
        (["how much is King Kong?"], "the 2005 one", "King Kong (Action, Drama) rents for $2.99."),
        (
            ["tell me about Up", "is it ok for kids?"],
            "and the price?",
            "Up (Animation, Family, Travel) rents for $2.99.",
        ),
    ],
)
def test_a_follow_up_question_is_about_the_last_film(
    store: FilmStore, earlier: list[str], question: str, answer: str
) -> None:
    turns: list[tuple[str, str]] = []
    for asked in earlier:
        turns.append((asked, ask(store, asked, turns).answer or ""))
    assert ask(store, question, turns).answer == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("how much is Blank?", "Blank has no rental rate on record."),
        ("how long is Blank?", "Blank has no length on record."),
        ("who is in Blank?", "Blank has no cast on record."),
        ("what is Blank about?", "The store has no description of Blank."),
        ("when did Blank come out?", "Blank has no release year on record."),
        ("tell me about Blank", "Blank."),
        ("is Blank in stock?", "Blank is in the catalogue, but the store has no copies of it."),
    ],
)
def test_facts_the_store_lacks_are_not_made_up(question: str, answer: str) -> None:
    empty: dict[str, Any] = dict.fromkeys(film(1, "Blank"), None)
    blank = {**empty, "film_id": 1, "title": "Blank", "categories": [], "actors": [], "copies": 0, "in_stock": 0}

    class OneFilm(FilmStore):
        def film_availability(self, film_id: int) -> dict[str, Any]:
            return {"film_id": film_id, "title": "Blank", "copies": 0, "in_stock": 0, "stores": [], "next_due": None}

    assert ask(OneFilm([blank]), question).answer == answer


@pytest.mark.parametrize(
    "question", ["how much is Alien?", "horror films", "something like Alien", "is Alien in stock"]
)
def test_an_unavailable_store_is_reported_in_the_answer(question: str) -> None:
    class Broken(FilmStore):
        def call(self, function: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
            return {"error": "The store could not be asked just now."}

    assert ask(Broken([]), question).answer == "The store could not be asked just now."


def test_a_turn_looks_up_the_stores_of_three_films(store: FilmStore) -> None:
    outcome = ask(store, "are Alien, Jaws, Rocky, Up and Heat in stock?")
    assert [function for function, _ in outcome.calls] == ["find_mentions", *["film_availability"] * 3]
    assert outcome.answer is not None
    assert outcome.answer.startswith("Alien (1979) is in stock: ")


def test_no_text_raises_an_exception(pagila: FilmStore) -> None:
    chance = random.Random(7)
    pieces = [
        *("Alien", "the film", "how long is", "how much", "and", "or", "it", "who", "?", "in stock", "1999", "the 80s"),
        *("under two hours", '"', "'", "“", "(", "longer than", "films", "with", "like", "\x00", "\ud83d", "é", "é"),
        *(
            "between",
            "$3",
            "half an hour",
            "Tom Hanks",
            "cast",
            "the",
            ",",
            ".",
            "!",
            "R-rated",
            "\n",
            "\ue000",
            "映画",
        ),
    ]
    for _ in range(400):
        glue = chance.choice([" ", "", ", "])
        ask(pagila, glue.join(chance.choices(pieces, k=chance.randint(0, 14))))
    for _ in range(100):
        ask(pagila, "".join(chance.choices(string.printable, k=chance.randint(1, 80))))


@pytest.mark.parametrize(
    "text", ["a " * 2000, "how much " * 450, "the, " * 800, "x" * 4000, "is it " * 600, "films with " * 360]
)
def test_overlong_questions_come_to_an_end(store: FilmStore, text: str) -> None:
    assert ask(store, text).rounds <= 3
