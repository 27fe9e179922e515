"""The form of the film import: parts, size and invalid forms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.main import create_app
from tests.conftest import client_of, running, settings_for

FILMS = "/api/v1/films"
IMPORT = f"{FILMS}/import"
EXPORT = f"{FILMS}/export"

FILE = ("file", ("films.csv", "title,language\n", "text/csv"))


@pytest.mark.parametrize(
    ("request_", "place"),
    [
        ({}, ["body", "file"]),
        ({"json": {"file": "title,language\n"}}, ["body", "file"]),
        ({"data": {"file": "title,language\n"}}, ["body", "file"]),
        ({"files": {"file": (None, "title,language\n")}}, ["body", "file"]),
        ({"files": {"file": ("films.csv", "title,language\n", "image/png")}}, ["body", "file"]),
        ({"files": {"file": ("films.xlsx", b"PK", "application/vnd.openxmlformats")}}, ["body", "file"]),
        ({"files": [FILE, FILE]}, ["body", "file"]),
        ({"files": [FILE], "data": {"dry_run": ["false", "true"]}}, ["body", "file"]),
        ({"files": [FILE], "data": {"dryrun": "true"}}, ["body", "dryrun"]),
        ({"files": [FILE], "params": {"dryrun": "true"}}, ["query", "dryrun"]),
        ({"files": [FILE], "data": {"dry_run": "perhaps"}}, ["body", "dry_run"]),
        ({"files": [FILE, ("dry_run", ("films.csv", "true", "text/csv"))]}, ["body", "dry_run"]),
        ({"files": [FILE], "data": {f"field{number}": "" for number in range(1001)}}, ["body"]),
        ({"files": [FILE] * 1001}, ["body"]),
    ],
)
async def test_a_form_that_is_not_as_described_is_422(
    client: httpx.AsyncClient, request_: dict[str, Any], place: list[str]
) -> None:
    response = await client.post(IMPORT, **request_)
    assert response.status_code == 422, response.text
    assert response.json()["errors"][0]["loc"] == place
    assert response.json()["detail"]


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        (b"no form", "; boundary=x"),
        (b"--x\r\n\r\n--x--", ""),
        (b"--x\r\nContent-Type: text/csv\r\n\r\ntitle,language\r\n--x--\r\n", "; boundary=x"),
        (b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\ntitle,lang', "; boundary=x"),
        (b'--x\r\nContent-Disposition: form-data; name="\\ud800"\r\n\r\n\r\n--x--\r\n', "; boundary=x; charset=utf-7"),
    ],
)
@pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")  # Starlette's, of a part that has no end
async def test_a_body_that_is_not_a_form_is_422(client: httpx.AsyncClient, body: bytes, parameters: str) -> None:
    kind = {"content-type": f"multipart/form-data{parameters}"}
    response = await client.post(IMPORT, content=body, headers=kind)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"][0] == "body"


@pytest.mark.parametrize(
    "kind", [None, "application/octet-stream", "application/vnd.ms-excel", "Text/CSV; charset=utf-8"]
)
async def test_the_media_types_of_browsers_for_csv_are_accepted(client: httpx.AsyncClient, kind: str | None) -> None:
    part = ("films.csv", "title,language\n", kind) if kind else ("films", "title,language\n")
    assert (await client.post(IMPORT, files={"file": part})).status_code == 200


async def test_an_import_may_have_ten_mebibytes(client: httpx.AsyncClient) -> None:
    description = "x" * 19_000
    rows = f"Long,English,{description}\n" * 540
    file = ("films.csv", f"title,language,description\n{rows}", "text/csv")
    response = await client.post(IMPORT, files={"file": file}, params={"dry_run": "true"})
    assert response.json() == {"films": 540, "dry_run": True}


@pytest.mark.parametrize("declared", [True, False])
async def test_a_larger_import_is_413(client: httpx.AsyncClient, declared: bool) -> None:
    request = client.build_request("POST", IMPORT, files={"file": ("films.csv", b"x" * 10_500_000, "text/csv")})
    body = request.read()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    kind = {"content-type": request.headers["content-type"]}
    response = await client.post(IMPORT, content=body if declared else chunks(), headers=kind)
    assert response.status_code == 413
    assert str(10 * 1024 * 1024) in response.json()["detail"]


@pytest.mark.parametrize("path", [EXPORT, f"{FILMS}/1", f"{IMPORT}s"])
async def test_other_bodies_stay_as_small_as_they_were(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.post(path, content=b"x" * 1_100_000)).status_code == 413


async def test_an_export_without_a_database_is_503() -> None:
    away = settings_for("postgresql://nobody@127.0.0.1:1/nothing")
    async with running(create_app(away)) as app, client_of(app) as http:
        exported, imported = await http.get(EXPORT), await http.post(IMPORT, files=[FILE])
    assert (exported.status_code, imported.status_code) == (503, 503)
    assert exported.headers["content-type"] == "application/problem+json"
