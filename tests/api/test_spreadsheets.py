"""Film files from and for spreadsheets: separators, encodings, empty cells and formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.api.test_film_files import EXPORT, FILMS, count, newest, refused, send


@pytest.fixture
async def http(own_client: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """A client; films that a test adds are deleted after it."""
    before = (await own_client.get(FILMS, params={"sort": "-id", "limit": 1})).json()[0]["id"]
    yield own_client
    for film in (await own_client.get(FILMS, params={"sort": "-id", "limit": 100})).json():
        if film["id"] > before:
            assert (await own_client.delete(f"{FILMS}/{film['id']}")).status_code == 204


@pytest.mark.parametrize("mark", [";", "\t"], ids=["semicolons", "tabs"])
async def test_cells_may_be_separated_as_excel_does_where_commas_are_points(http: httpx.AsyncClient, mark: str) -> None:
    rows = [
        ["title", "language", "description"],
        ["Semi", "English", "one, two"],
        ['"Colon"', "English", f'"a{mark}b"'],
    ]
    content = "\ufeff" + "\r\n".join(mark.join(row) for row in rows) + "\r\n"
    assert (await send(http, content)).json()["films"] == 2
    first, second = await newest(http, 2)
    assert (first["description"], second["title"], second["description"]) == ("one, two", "Colon", f"a{mark}b")


async def test_a_decimal_comma_is_reported_with_row_and_column(http: httpx.AsyncClient) -> None:
    (error,) = await refused(http, "title;language;rental_rate\r\nA;English;2.99\r\nB;English;2,99\r\n")
    assert error["loc"] == ["body", "file", 3, "rental_rate"]
    assert error["msg"] == "must be a number with a decimal point, such as 4.99"


async def test_columns_and_rows_at_the_end_may_be_empty(http: httpx.AsyncClient) -> None:
    content = "title,language,, \r\nSpread,English,,\r\n,,,\r\nSheet,English\r\n , ,,\r\n,,,,,\r\n"
    response = await send(http, content)
    assert (response.status_code, response.json()) == (200, {"films": 2, "dry_run": False})
    assert [film["title"] for film in await newest(http, 2)] == ["Spread", "Sheet"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Amélie", "utf-8"), ("Über – “so”", "utf-8"), ("Łódź", "utf-8"), ("東京", "utf-8"), ("ÀÁÍÏÐÝ", "utf-8")],
)
async def test_a_wrongly_decoded_text_is_reported_with_the_original(
    http: httpx.AsyncClient, text: str, encoding: str
) -> None:
    garbled = "".join(
        bytes([byte]).decode("cp1252") if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(byte)
        for byte in text.encode(encoding)
    )
    content = f"title,language,description\nFine,English,É\n{garbled},English,\nFine,English,{garbled} here\n"
    title, description = await refused(http, content)
    assert (title["loc"][2:], description["loc"][2:]) == ([3, "title"], [4, "description"])
    assert f'is probably "{text}"' in title["msg"]
    response = await send(http, content, params={"check_encoding": "false"})
    assert response.json()["films"] == 3
    assert (await newest(http, 2))[0]["title"] == garbled


@pytest.mark.parametrize("text", ["Ã", "Ão", "naïve", "É", "Ñandú", "São João", "50 £", "“Ã”", "â", "東京"])
async def test_a_text_that_only_looks_unusual_is_imported(http: httpx.AsyncClient, text: str) -> None:
    assert (await send(http, f"title,language\n{text},English\n")).is_success
    assert (await newest(http))[0]["title"] == text


async def test_texts_in_another_encoding_are_reported_with_row_and_column(http: httpx.AsyncClient) -> None:
    rows = "title,language\nAmélie,English\nFine,English\nFine,Español\n"
    first, second = await refused(http, rows.encode("latin-1"))
    assert (first["loc"][2:], second["loc"][2:]) == ([2, "title"], [4, "language"])
    assert first["msg"] == 'is not UTF-8: "Am�lie". Save the file as "CSV UTF-8".'
    (header,) = (await refused(http, "title,language,größe\nA,English,1\n".encode("latin-1")))[:1]
    assert header["loc"][2:] == [1, "gr��e"]
    (lost,) = await refused(http, "title,language\nAm�lie,English\n")
    assert (lost["loc"][2:], lost["msg"]) == ([2, "title"], 'contains a replacement character: "Am�lie".')
    (utf_16,) = await refused(http, "title,language\nA,English\n".encode("utf-16"))
    assert utf_16["msg"] == 'cannot be read: it is UTF-16. Save the file as "CSV UTF-8".'


async def test_an_export_with_a_byte_order_mark_can_be_imported(http: httpx.AsyncClient) -> None:
    plain, marked = await http.get(EXPORT), await http.get(EXPORT, params={"bom": "true"})
    assert marked.content == b"\xef\xbb\xbf" + plain.content
    response = await send(http, marked.content, params={"dry_run": "true"})
    assert response.json() == {"films": await count(http), "dry_run": True}
    assert (await http.get(EXPORT, params={"bom": "perhaps"})).status_code == 422
    assert (await http.get(EXPORT, params={"boom": "true"})).status_code == 422


UNSEEN = [" ", "\xa0", "\u3000", "\u200b", "\u2060", "\ufeff", "\u202e", "\xad", "\x1f", " \u200b ", "\u2800"]


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
async def test_no_cell_is_a_formula_behind_invisible_characters(http: httpx.AsyncClient, unseen: str) -> None:
    texts = [f"{unseen}{formula}" for formula in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1")]
    for text in texts:
        film = {"title": "Unseen", "description": text, "language_id": 1, "special_features": [text]}
        assert (await http.post(FILMS, json=film)).status_code == 201
    added = await newest(http, len(texts))
    exported = list(csv.DictReader(io.StringIO((await http.get(EXPORT)).text, newline="")))[-len(texts) :]
    assert [cells["description"] for cells in exported] == [f"'{text}" for text in texts]
    assert all(cells["special_features"].startswith("'") for cells in exported)
    assert (await send(http, _as_csv(exported))).is_success
    imported = await newest(http, len(texts))
    assert imported[0]["id"] > added[-1]["id"]
    assert [_content(film) for film in imported] == [_content(film) for film in added]


def _content(film: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in film.items() if name not in ("id", "last_update")}


def _as_csv(rows: list[dict[str, str]]) -> str:
    content = io.StringIO(newline="")
    writer = csv.DictWriter(content, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return content.getvalue()
