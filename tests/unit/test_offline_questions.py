"""How the offline model finds the film and the fact in a question."""

from __future__ import annotations

import pytest

from tests.eval.checks import problems
from tests.eval.store import StoreFacts
from tests.fakes.film_store import FilmStore
from tests.fakes.offline_turn import ask

PRICE = [
    ("What is the rental rate for the film Alien?", "Alien"),
    ("what's the rental rate of the godfather", "the godfather"),
    ("How much does it cost to rent Jaws", "Jaws"),
    ("how much is up", "up"),
    ("How much to rent Die Hard?", "Die Hard"),
    ("how much would i pay to rent Casablanca for a week?", "Casablanca"),
    ("What does it cost to hire Goodfellas", "Goodfellas"),
    ("Is The Exorcist expensive to rent?", "The Exorcist"),
    ("alien price?", "alien"),
    ("Jaws' price", "Jaws"),
    ("Price check: Mad Max Fury Road", "Mad Max Fury Road"),
    ("The Matrix, how much?", "The Matrix"),
    ("Can you tell me how much Inception costs to rent?", "Inception"),
    ("Hey there, could you tell me the rental price of Blade Runner please?", "Blade Runner"),
    ("I was wondering how much The Dark Knight goes for", "The Dark Knight"),
    ("How much do I owe you for renting Matilda?", "Matilda"),
    ("what would it set me back to rent Interstellar", "Interstellar"),
    ("price of 12 Angry Men", "12 Angry Men"),
    ("How much is 300?", "300"),
    ("what is the price of M?", "M"),
]
RATING = [
    ("What is Titanic rated", "Titanic"),
    ("what rating does Psycho have?", "Psycho"),
    ("The rating of Shrek, please.", "Shrek"),
    ("Is Mrs. Doubtfire PG or PG-13?", "Mrs. Doubtfire"),
    ("How old do you have to be to watch Fight Club?", "Fight Club"),
]
AUDIENCE = [
    ("is Shrek suitable for kids?", "Shrek"),
    ("Can my 8 year old watch Up?", "Up"),
    ("Would The Exorcist be too scary for my 12-year-old daughter?", "The Exorcist"),
    ("is wall-e a kids movie", "wall-e"),
    ("May children watch Big?", "Big"),
]
LENGTH = [
    ("how long is Aliens", "Aliens"),
    ("runtime of 12 Angry Men", "12 Angry Men"),
    ("How many minutes is Inception?", "Inception"),
    ("Is Titanic longer than three hours?", "Titanic"),
    ("Tell me how long Oppenheimer lasts", "Oppenheimer"),
    ("When Harry Met Sally runtime", "When Harry Met Sally"),
    ("how long is It", "It"),
]
YEAR = [
    ("When did Jurassic Park come out?", "Jurassic Park"),
    ("How old is Citizen Kane?", "Citizen Kane"),
    ("In what year did Psycho premiere?", "Psycho"),
    ("release date for The Wizard of Oz", "The Wizard of Oz"),
    ("Which year did Vertigo hit theaters?", "Vertigo"),
]
PLOT = [
    ("what is Inception about", "Inception"),
    ("What's Up about?", "Up"),
    ("Summarize Groundhog Day for me", "Groundhog Day"),
    ("What happens in The Truman Show?", "The Truman Show"),
    ("Could you give me a short plot summary of Parasite?", "Parasite"),
]
CAST = [
    ("Who stars in Heat", "Heat"),
    ("who's in guess who's coming to dinner", "guess who's coming to dinner"),
    ("cast of cast away", "cast away"),
    ("who plays Ripley in Alien", "Alien"),
    ("which actors appear in Pulp Fiction", "Pulp Fiction"),
    ("I can't remember who stars in Rear Window, can you help?", "Rear Window"),
]
CATEGORY = [
    ("what genre is Parasite", "Parasite"),
    ("Is Alien a horror movie?", "Alien"),
    ("what sort of film is Akira", "Akira"),
    ("Under which category do you file Mamma Mia!?", "Mamma Mia"),
]
STOCK = [
    ("is Her in stock?", "Her"),
    ("Can I rent It?", "It"),
    ("Which store has Speed?", "Speed"),
    ("where can I rent Amélie", "Amélie"),
    ("Does the store have any copies of Get Out left?", "Get Out"),
    ("how many copies of Jaws do you have in stock", "Jaws"),
    ("when will Casablanca be back?", "Casablanca"),
    ("Do you know if Alien is in stock?", "Alien"),
    ("Is 1917 currently rented out?", "1917"),
]
IN_STORE = [
    ("do you have The Lion King", "The Lion King"),
    ("Got Casablanca?", "Casablanca"),
    ("Have you got Dr. Strangelove on DVD?", "Dr. Strangelove"),
    ("i want to see Alien tonight", "Alien"),
    ("Galaxy Quest: do you have it?", "Galaxy Quest"),
    ("do you have Galaxy Quest", "Galaxy Quest"),
]
OTHERS = [
    ("what language is Spirited Away in?", "Spirited Away", "language"),
    ("Is Amélie a French film?", "Amélie", "language"),
    ("How long can I keep Rocky for?", "Rocky", "days"),
    ("when must I return Jaws if I rent it today", "Jaws", "days"),
    ("what is the replacement cost of Dune?", "Dune", "replacement"),
    ("If I lose the disc of Alien, how much do I pay?", "Alien", "replacement"),
    ("can I stream Up?", "Up", "streaming"),
    ("special features of Big", "Big", "features"),
    ("Does The Matrix DVD come with a commentary?", "The Matrix", "features"),
    ("Tell me about Pulp Fiction", "Pulp Fiction", ""),
    ("who framed roger rabbit", "who framed roger rabbit", ""),
    ("Where the Wild Things Are", "Where the Wild Things Are", ""),
]
ONE_FILM = [
    (question, title, fact)
    for fact, questions in (
        ("price", PRICE),
        ("rating", RATING),
        ("rating", AUDIENCE),
        ("length", LENGTH),
        ("year", YEAR),
        ("plot", PLOT),
        ("cast", CAST),
        ("categories", CATEGORY),
        ("stock", STOCK),
        ("", IN_STORE),
    )
    for question, title in questions
] + OTHERS


@pytest.fixture(scope="module")
def store() -> FilmStore:
    return FilmStore.from_catalogue()


def told(store: FilmStore, question: str, **wanted: object) -> list[str]:
    """Return the mistakes in the answer."""
    answer = ask(store, question).answer
    return (
        ["handed over"]
        if answer is None
        else problems({"q": question, **wanted}, answer, "", StoreFacts(list(store.films)))
    )


def title_of(store: FilmStore, said: str) -> str:
    """Return the title in the store's spelling."""
    return str(store.call("search_films", {"title": said})["films"][0]["title"])


@pytest.mark.parametrize(("question", "title", "fact"), ONE_FILM)
def test_the_answer_has_the_fact_of_the_film(store: FilmStore, question: str, title: str, fact: str) -> None:
    assert told(store, question, film=title_of(store, title), fact=fact) == []
