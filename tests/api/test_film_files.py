"""Films as CSV files: an import adds all films or none, and an export can be imported."""

from __future__ import annotations

import asyncio
import csv
import io
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.main import create_app
from app.services.film_csv import FilmFile, InvalidFilmFile
from app.services.film_files import FilmFileService
from tests.conftest import IN_MEMORY, client_of, fill, running, sample_database, settings_for

FILMS = "/api/v1/films"
IMPORT = f"{FILMS}/import"
EXPORT = f"{FILMS}/export"
HEADER = [
    *("title", "description", "release_year", "language", "original_language", "rental_duration", "rental_rate"),
    *("length", "replacement_cost", "rating", "special_features", "streaming_available", "categories", "actors"),
]


@pytest.fixture(scope="module")
async def store(server: str | None) -> AsyncIterator[FastAPI]:
    """An application with a separate store, because these tests add films."""
    url = await sample_database(server, "film_files") if server else IN_MEMORY
    async with running(create_app(settings_for(url))) as application:
        if server is None:
            await fill(application.state.database)
        yield application


@pytest.fixture(scope="module")
async def http(store: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(store) as client:
        yield client


async def send(http: httpx.AsyncClient, content: str | bytes, **request: Any) -> httpx.Response:
    return await http.post(IMPORT, files={"file": ("films.csv", content, "text/csv")}, **request)


async def count(http: httpx.AsyncClient) -> int:
    response = await http.get(FILMS, params={"limit": 1}, headers={"Prefer": "count=exact"})
    return int(response.headers["X-Total-Count"])


async def newest(http: httpx.AsyncClient, number: int = 1) -> list[dict[str, Any]]:
    """Return the films with the highest ids, in order of id, with their casts."""
    listed = (await http.get(FILMS, params={"sort": "-id", "limit": number})).json()
    return [(await http.get(f"{FILMS}/{film['id']}")).json() for film in reversed(listed)]


async def refused(http: httpx.AsyncClient, content: str | bytes) -> list[dict[str, Any]]:
    """Import a faulty file; return its errors, and check that no film was added."""
    before = await count(http)
    response = await send(http, content)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert await count(http) == before
    return list(response.json()["errors"])


async def export(http: httpx.AsyncClient) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((await http.get(EXPORT)).text, newline="")))


async def test_a_film_is_imported_with_all_that_its_row_says(http: httpx.AsyncClient) -> None:
    row = (
        '"Import, complete","Two lines:\nand a ""quote""",1999,English,German,5,2.99,101,20.5,PG-13,'
        "Trailers|Deleted Scenes,TRUE,Horror|Sci-Fi,Sigourney Weaver|Tom Skerritt"
    )
    response = await send(http, f"{','.join(HEADER)}\r\n{row}\r\n")
    assert (response.status_code, response.json()) == (200, {"films": 1, "dry_run": False})
    (film,) = await newest(http)
    languages = {film["language"]: film["language_id"] for film in (await http.get(FILMS)).json()}
    assert film["last_update"].endswith("Z")
    assert film["id"] > 205
    assert film["original_language_id"] not in (None, languages["English"])
    expected = {
        "title": "Import, complete",
        "description": 'Two lines:\nand a "quote"',
        "release_year": 1999,
        "language_id": languages["English"],
        "language": "English",
        "rental_duration": 5,
        "rental_rate": 2.99,
        "length": 101,
        "replacement_cost": 20.5,
        "rating": "PG-13",
        "special_features": ["Trailers", "Deleted Scenes"],
        "streaming_available": True,
        "categories": ["Horror", "Sci-Fi"],
        "actors": ["Sigourney Weaver", "Tom Skerritt"],
    }
    assert {name: film[name] for name in expected} == expected


@pytest.mark.parametrize("content", ["language,title\nEnglish,Bare", f"{','.join(HEADER)}\nBare,,,English{',' * 10}\n"])
async def test_unset_cells_have_the_defaults_of_a_post(http: httpx.AsyncClient, content: str) -> None:
    assert (await send(http, content)).status_code == 200
    (imported,) = await newest(http)
    posted = (await http.post(FILMS, json={"title": "Bare", "language_id": imported["language_id"]})).json()
    for film in (imported, posted):
        del film["id"], film["last_update"]
    assert imported == posted


async def test_films_are_added_in_the_order_of_the_file(http: httpx.AsyncClient) -> None:
    titles = [f"In order {number}" for number in range(1200)]
    response = await send(http, "title,language\n" + "".join(f"{title},english\n" for title in titles))
    assert response.json()["films"] == 1200
    found = (await http.get(FILMS, params={"title": "in order", "limit": 1000})).json()
    assert [film["title"] for film in found] == titles[:1000]


async def test_a_bom_blank_lines_and_columns_in_any_order_and_case_are_fine(http: httpx.AsyncClient) -> None:
    response = await send(http, "\ufeff Language ,TITLE\n\nenglish,Ünïcode 映画\n\n\n")
    assert response.json()["films"] == 1
    assert [film["title"] for film in await newest(http)] == ["Ünïcode 映画"]


async def test_a_header_alone_has_no_films(http: httpx.AsyncClient) -> None:
    before = await count(http)
    assert (await send(http, "title,language\r\n")).json() == {"films": 0, "dry_run": False}
    assert await count(http) == before


@pytest.mark.parametrize("request_", [{"params": {"dry_run": "true"}}, {"data": {"dry_run": "true"}}])
async def test_a_dry_run_counts_and_adds_nothing(http: httpx.AsyncClient, request_: dict[str, Any]) -> None:
    before = await count(http)
    response = await send(http, "title,language\nDry,English\nDrier,English\n", **request_)
    assert (response.status_code, response.json()) == (200, {"films": 2, "dry_run": True})
    assert await count(http) == before


async def test_a_dry_run_reports_errors(http: httpx.AsyncClient) -> None:
    response = await send(http, "title,language\nDry,Klingon\n", params={"dry_run": "true"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", "file", 2, "language"]


async def test_every_row_is_checked_and_none_is_added_when_the_last_is_wrong(http: httpx.AsyncClient) -> None:
    rows = [f"Partly {number},English,1999\n" for number in range(1500)]
    rows[0] = "Partly wrong,English,1900\n"
    rows[-1] = "Partly wrong,,1999\n"
    errors = await refused(http, "title,language,release_year\n" + "".join(rows))
    assert [error["loc"] for error in errors] == [
        ["body", "file", 2, "release_year"],
        ["body", "file", 1501, "language"],
    ]
    assert {error["type"] for error in errors} == {"rule"}
    assert (await http.get(FILMS, params={"title": "Partly"})).json() == []


class Torn(io.BytesIO):
    """A file that has one more row, a faulty one, when it is read again."""

    def seek(self, offset: int, whence: int = 0) -> int:
        if self.tell():
            super().seek(0, io.SEEK_END)
            self.write(b"Torn,Klingon")
        return super().seek(offset, whence)


async def test_nothing_stays_of_an_import_that_fails_half_way(store: FastAPI, http: httpx.AsyncClient) -> None:
    file = Torn(b"title,language,categories\n" + b"Half way,English,Horror\n" * 1200)
    before, horror = await count(http), await http.get(FILMS, params={"category": "Horror", "limit": 1000})
    with pytest.raises(InvalidFilmFile, match="1 error"):
        await FilmFileService(store.state.database).load(FilmFile(file), dry_run=False)
    assert await count(http) == before
    assert (await http.get(FILMS, params={"category": "Horror", "limit": 1000})).json() == horror.json()


async def test_a_hundred_errors_are_listed_and_all_are_counted(http: httpx.AsyncClient) -> None:
    response = await send(http, "title,language\n" + ",Klingon\n" * 700)
    assert response.status_code == 422
    problem = response.json()
    assert len(problem["errors"]) == 100
    assert "1400 errors" in problem["detail"]


@pytest.mark.parametrize(
    ("column", "cell", "kind"),
    [
        ("title", " ", "rule"),
        ("title", "x" * 256, "rule"),
        ("description", "x" * 20_001, "rule"),
        ("release_year", "1900", "rule"),
        ("release_year", "2156", "rule"),
        ("release_year", "1999.0", "rule"),
        ("release_year", "١٩٩٩", "rule"),
        ("release_year", "1_999", "rule"),
        ("language", "Klingon", "reference"),
        ("language", "Engl", "reference"),
        ("language", "English|German", "reference"),
        ("original_language", "%", "reference"),
        ("rental_duration", "0", "rule"),
        ("rental_duration", "366", "rule"),
        ("rental_duration", "99999999999999999999", "rule"),
        ("rental_rate", "0", "rule"),
        ("rental_rate", "-1", "rule"),
        ("rental_rate", "100", "rule"),
        ("rental_rate", "2.999", "rule"),
        ("rental_rate", "NaN", "rule"),
        ("rental_rate", "1e1", "rule"),
        ("rental_rate", "$2", "rule"),
        ("length", "0", "rule"),
        ("length", "32768", "rule"),
        ("replacement_cost", "1000", "rule"),
        ("replacement_cost", "Infinity", "rule"),
        ("rating", "X", "rule"),
        ("special_features", "Trailers||Commentaries", "rule"),
        ("special_features", "|", "rule"),
        ("streaming_available", "yes", "rule"),
        ("categories", "Horror|Horor", "reference"),
        ("categories", "Horror|", "reference"),
        ("actors", "Weaver", "reference"),
        ("actors", "Sigourney Weaver, Tom Skerritt", "reference"),
    ],
)
async def test_an_error_names_its_row_and_column(http: httpx.AsyncClient, column: str, cell: str, kind: str) -> None:
    content = io.StringIO()
    writer = csv.DictWriter(content, list(dict.fromkeys(["title", "language", column])))
    writer.writeheader()
    # A row of two lines and an empty line, as a spreadsheet shows them: the faulty row is its fourth.
    writer.writerows([{"title": "Two\nlines", "language": "English"}])
    content.write("\r\n")
    writer.writerow({"title": "Wrong", "language": "English", column: cell})
    error, *others = await refused(http, content.getvalue())
    assert (error["loc"], error["type"]) == (["body", "file", 4, column], kind)
    assert error["msg"]
    assert {tuple(other["loc"]) for other in others} <= {tuple(error["loc"])}


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", []),
        (b"\xef\xbb\xbf", []),
        (b"\n\ntitle,language\n", []),
        (b"title,language,colour\nA,English,red\n", [1, "colour"]),
        (b"title,,language\nA,,English\n", [1, ""]),
        (b"title,language,\nA,English,G\n", [2]),
        (b"title|language\nA|English\n", [1, "title|language"]),
        (b"title;language\nA;English;G\n", [2]),
        (b"title,language,Title\nA,English,B\n", [1, "title"]),
        (b"title\nA\n", [1, "language"]),
        (b"title,language\nA\n", [2]),
        (b"title,language\nA,English,G\n", [2]),
        (b"title,language\nA,English\nB,Engl\xefsh\n", [3, "language"]),
        ("title,language\nA,English\n".encode("utf-16"), [1]),
        (b"title,language\nA\x00,English\n", [2]),
        (b'title,language\n"A,English\n', [2]),
        (b'title,language\n"A"B,English\n', [2]),
        (b"title,language\rA,English\r", [1]),
        (b"title,language\n" + b"A" * 200_000 + b",English\n", [2]),
        (b"title,language\nA,English\n" + b"A" * 2_000_000, [3]),
        (b"," * 100_000, []),
    ],
)
async def test_a_file_that_is_not_a_table_of_films_is_refused(
    http: httpx.AsyncClient, content: bytes, place: list[int | str]
) -> None:
    errors = await refused(http, content)
    assert errors[0]["loc"] == ["body", "file", *place]
    assert errors[0]["type"] == "rule"


async def test_rows_before_unreadable_ones_are_checked(http: httpx.AsyncClient) -> None:
    errors = await refused(http, b'title,language\nA,Klingon\n"B",English\n"C"D,English\nE,Klingon\n')
    assert [error["loc"][2:] for error in errors] == [[2, "language"], [4]]


async def test_names_are_found_in_any_case_and_the_lowest_id_has_the_name(http: httpx.AsyncClient) -> None:
    for last_name in ("Doppelgänger", "DOPPELGÄNGER", "Doppelgänger"):
        assert (
            await http.post("/api/v1/actors", json={"first_name": "Ann", "last_name": last_name})
        ).status_code == 201
    ids = [film["id"] for film in (await http.get("/api/v1/actors", params={"sort": "-id", "limit": 3})).json()]
    rows = ["ann doppelgänger", "Ann DOPPELGÄNGER", "Ann Doppelgänger|Ann Doppelgänger|Ann Doppelgänger"]
    content = "title,language,categories,actors\n" + "".join(f"Twins,ENGLISH, horror|hOrRoR ,{row}\n" for row in rows)
    assert (await send(http, content)).json()["films"] == 3
    twins = await newest(http, 3)
    assert [film["categories"] for film in twins] == [["Horror"]] * 3
    played = [
        {film["id"] for film in (await http.get(f"/api/v1/actors/{actor}/films")).json()} for actor in reversed(ids)
    ]
    first, second, third = (film["id"] for film in twins)
    assert played == [{first, third}, {second}, {third}]


async def test_a_film_can_be_posted_after_an_import(http: httpx.AsyncClient) -> None:
    assert (await send(http, "title,language\nImported,English\n")).status_code == 200
    (imported,) = await newest(http)
    response = await http.post(FILMS, json={"title": "Posted", "language_id": imported["language_id"]})
    assert response.status_code == 201
    assert response.json()["id"] > imported["id"]


async def test_the_export_is_a_file_of_all_films(http: httpx.AsyncClient) -> None:
    response = await http.get(EXPORT)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert response.headers["content-disposition"] == 'attachment; filename="films.csv"'
    header, *rows = csv.reader(io.StringIO(response.content.decode("utf-8"), newline=""), strict=True)
    assert [name for name in header if name in HEADER] == HEADER
    assert rows[0][0] == "Alien"
    assert response.text.startswith(",".join(header) + "\r\nAlien,")
    assert len(rows) == await count(http)
    alien = dict(zip(header, rows[0], strict=True))
    film = (await http.get(f"{FILMS}/1")).json()
    assert alien["categories"] == "Horror|Sci-Fi"
    assert alien["actors"].split("|") == film["actors"]
    assert (alien["rental_rate"], alien["rating"], alien["language"]) == ("2.99", "R", "English")
    assert (alien["release_year"], alien["original_language"], alien["streaming_available"]) == ("1979", "", "true")


ODD = [
    *("=1+1", "+1", "-1", "@SUM(A1)", "'=1+1", "'", "''", "'Tis", "\\", "a|b", "a\\|b\\\\", 'say "so"', "a,b", "a;b"),
    *("tab\tcr\rlf\ncrlf\r\nend", "＝1", "a\u2028b\x85c", "🎬", "none", "null"),
]
"""Texts that a simple CSV export would change."""


async def test_an_export_can_be_imported_into_another_store(http: httpx.AsyncClient) -> None:
    language = (await http.get(f"{FILMS}/1")).json()["language_id"]
    for text in ODD:
        film = {"title": text, "description": text, "special_features": [text, "Trailers"], "language_id": language}
        assert (await http.post(FILMS, json=film)).status_code == 201, text
    for description, rating in (("", None), ("  blanks around  ", "NC-17"), ("\t=1", None), (None, "G")):
        film = {"title": "Odd", "description": description, "rating": rating, "language_id": language}
        assert (await http.post(FILMS, json=film)).status_code == 201
    film = {"title": "Terms", "language_id": language, "original_language_id": language, "rental_rate": 0.01}
    assert (await http.post(FILMS, json=film | {"replacement_cost": 999.99, "length": 32767})).status_code == 201
    number = len(ODD) + 5
    sent = await newest(http, number)

    file = (await http.get(EXPORT)).content
    async with running(create_app(settings_for())) as other, client_of(other) as there:
        await fill(other.state.database)
        for name in {name for film in await export(http) for name in film["actors"].split("|")}:
            if "Doppelgänger" in name or "DOPPELGÄNGER" in name:
                first, last = name.split()
                assert (await there.post("/api/v1/actors", json={"first_name": first, "last_name": last})).is_success
        response = await send(there, file)
        assert response.status_code == 200, response.text
        assert response.json()["films"] == await count(http)
        assert await count(there) == 205 + await count(http)
        received = await newest(there, number)
        again = await export(there)
    for film in sent + received:
        del film["id"], film["last_update"]
    assert received == sent
    assert [film["title"] for film in again[205:]] == [film["title"] for film in await export(http)]


async def test_no_cell_of_the_export_is_a_formula(http: httpx.AsyncClient) -> None:
    for film in await export(http):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in film.values())


async def test_an_apostrophe_is_not_needed_before_a_formula(http: httpx.AsyncClient) -> None:
    assert (await send(http, "title,language\n=A1,English\n'=A1,English\n''=A1,English\n'A1,English\n")).is_success
    assert [film["title"] for film in await newest(http, 4)] == ["=A1", "=A1", "'=A1", "'A1"]


async def test_other_requests_are_answered_during_an_import(http: httpx.AsyncClient) -> None:
    rows = "Busy,English,Horror\n" * 20_000
    importing = asyncio.create_task(send(http, f"title,language,categories\n{rows}", params={"dry_run": "true"}))
    for _ in range(5):
        assert (await http.get("/health")).status_code == 200
    assert not importing.done()
    assert (await importing).json()["films"] == 20_000


async def test_no_connection_is_held_while_a_client_reads(store: FastAPI) -> None:
    pool = store.state.database.engine.pool
    pieces = await FilmFileService(store.state.database).export()
    async for _ in pieces:
        assert pool.checkedout() == 0


async def test_memory_does_not_grow_with_the_file(store: FastAPI) -> None:
    films = FilmFileService(store.state.database)
    header, row = "title,description,language,categories", f"Large,{'x' * 300},English,Horror|Sci-Fi"
    file = io.BytesIO("\n".join([header, *[row] * 3_000]).encode())
    await films.load(FilmFile(io.BytesIO(f"{header}\n{row}".encode())), dry_run=False)  # what is built once
    tracemalloc.start()
    try:
        await films.load(FilmFile(file), dry_run=False)
        async for _ in await films.export():
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6 * 1024 * 1024
