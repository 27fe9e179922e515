"""The recipes in app/README.md, followed literally in a copy of the repository that is asked over HTTP."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fixtures.callers import ADMIN, SECRET, bearer, token_of
from tests.fixtures.command_line import ROOT, run_module
from tests.fixtures.serving import UVICORN, serving

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

README = (ROOT / "app/README.md").read_text(encoding="utf-8")
FILMS = "/api/v1/films"
FIELDS, MIGRATION, SNAPSHOT, TEST = "app/models/films.py", r"migrations/versions/\w+\.py", "openapi.json", "tests/api/"
CONTRACT = "tests/contract/test_openapi.py::test_a_change_of_the_contract_shows_in_review"
QUERY, CONDITIONS = "app/schemas/films.py", "app/repositories/films.py"


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def steps(title: str) -> dict[str, str]:
    """The code of each numbered step, by the file that the step begins with; none for a command."""
    found = re.split(r"^\d\. ", section(title), flags=re.MULTILINE)[1:]
    blocks = {
        step.split("`")[1]: re.search(r"```python\n(.*?)^ {3}```$", step, re.DOTALL | re.MULTILINE) for step in found
    }
    return {path: dedent_step(block.group(1)) if block else "" for path, block in blocks.items()}


def dedent_step(block: str) -> str:
    """The block without the three blanks that indent it in its step."""
    return "".join(line.removeprefix("   ") for line in block.splitlines(keepends=True))


FIELD, FILTER = steps("Add a film field"), steps("Add a filter")


def copy_to(folder: Path) -> None:
    for name in ("app", "plugins", "migrations", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "load"))
    for name in ("alembic.ini", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)


def insert(path: Path, before: str, text: str) -> None:
    """Put the text before the only place where the file has `before`."""
    whole = path.read_text(encoding="utf-8")
    assert whole.count(before) == 1, f"{path} has changed: update this test"
    path.write_text(whole.replace(before, text + before), encoding="utf-8")


def head_of(folder: Path) -> str:
    return max(path.name for path in (folder / "migrations/versions").glob("[0-9]*.py"))[:4]


def add_field(folder: Path) -> None:
    head = head_of(folder)
    for path, text in FIELD.items():
        if path == FIELDS:
            insert(folder / path, "\n\nclass Film(", text)
        elif re.fullmatch(MIGRATION, path):
            newest = re.sub(r'down_revision = "\d+"', f'down_revision = "{head}"', text)
            revision = re.sub(r'\nrevision = "\d+"', f'\nrevision = "{int(head) + 1:04}"', newest)
            (folder / path).write_text(revision, encoding="utf-8")
        elif text:
            (folder / path).write_text(text, encoding="utf-8")


def add_filter(folder: Path, *paths: str) -> None:
    for path in paths:
        before = {QUERY: "\n\ndef _distinct(", CONDITIONS: "    },\n    flags={\n"}[path]
        insert(folder / path, before, FILTER[path])


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository in which both recipes were followed, with a sample store on SQLite."""
    folder = tmp_path_factory.mktemp("recipes")
    copy_to(folder)
    add_field(folder)
    add_filter(folder, QUERY, CONDITIONS)
    for command in (("app", "migrate"), ("app", "seed"), ("tests.contract.snapshot",)):
        done = run_module(*command, cwd=folder, **variables(folder))
        assert done.returncode == 0, done.stderr
    return folder


def variables(folder: Path) -> dict[str, str]:
    database = f"sqlite:///{folder}/store.db"
    return {"PYTHONPATH": str(folder), "DATABASE_URL": database, "SECRET_KEY": SECRET, "RATE_LIMIT_AI": "off"}


@pytest.fixture(scope="module")
async def http(copy: Path) -> AsyncIterator[httpx.AsyncClient]:
    headers = bearer(token_of(ADMIN))
    async with (
        serving(*UVICORN, folder=copy, **variables(copy)) as service,
        httpx.AsyncClient(base_url=service.url, timeout=30, headers=headers) as client,
    ):
        yield client


async def created(http: httpx.AsyncClient, title: str, **fields: object) -> dict[str, Any]:
    response = await http.post(FILMS, json={"title": title, "language_id": 1, **fields})
    assert response.status_code == 201, response.text
    return dict(response.json())


async def exported(http: httpx.AsyncClient) -> list[dict[str, str]]:
    return list(csv.DictReader((await http.get(f"{FILMS}/export")).text.splitlines()))


def test_a_field_is_four_files() -> None:
    assert len(FIELD) == 4
    for path, wanted in zip(FIELD, (FIELDS, MIGRATION, r".*/" + SNAPSHOT, TEST + r"\w+\.py"), strict=True):
        assert re.fullmatch(wanted, path)


async def test_a_film_is_created_changed_and_read_with_the_field(http: httpx.AsyncClient) -> None:
    film = await created(http, "With a studio", studio="  Brandywine ")
    assert film["studio"] == "Brandywine"
    url = f"{FILMS}/{film['id']}"
    assert (await http.patch(url, json={"title": "Renamed"})).json()["studio"] == "Brandywine"
    assert (await http.patch(url, json={"studio": None})).json()["studio"] is None
    assert (await http.get(url)).json()["studio"] is None
    assert (await created(http, "Without a studio"))["studio"] is None


async def test_the_field_has_the_bounds_of_its_type(http: httpx.AsyncClient) -> None:
    response = await http.post(FILMS, json={"title": "x", "language_id": 1, "studio": " "})
    assert response.status_code == 422
    assert [error["loc"] for error in response.json()["errors"]] == [["body", "studio"]]


async def test_lists_and_searches_have_the_field(http: httpx.AsyncClient) -> None:
    await created(http, "Zzyzx listed", studio="Gaumont")
    (listed,) = (await http.get(FILMS, params={"title": "zzyzx listed"})).json()
    found, *_ = (await http.get(f"{FILMS}/search", params={"q": "zzyzx listed"})).json()
    assert listed["studio"] == found["studio"] == "Gaumont"


async def test_export_and_import_have_the_field(http: httpx.AsyncClient) -> None:
    await created(http, "Exported", studio="=Formula")
    await created(http, "Exported without")
    rows = {row["title"]: row for row in await exported(http)}
    assert (rows["Exported"]["studio"], rows["Exported without"]["studio"]) == ("'=Formula", "")
    text = "title,language,studio\r\nImported,English,'=Formula\r\n"
    sent = await http.post(f"{FILMS}/import", files={"file": ("films.csv", text, "text/csv")})
    assert sent.json() == {"films": 1, "dry_run": False}
    (film,) = (await http.get(FILMS, params={"title": "Imported"})).json()
    assert film["studio"] == "=Formula"


async def test_a_faulty_cell_of_the_field_is_named(http: httpx.AsyncClient) -> None:
    text = f"title,language,studio\r\nImported,English,{'x' * 256}\r\n"
    sent = await http.post(f"{FILMS}/import", files={"file": ("films.csv", text, "text/csv")})
    assert [error["loc"] for error in sent.json()["errors"]] == [["body", "file", 2, "studio"]]


async def test_tools_tell_a_model_of_the_field(http: httpx.AsyncClient, copy: Path) -> None:
    await created(http, "Qwertz of the tool", studio="Pathé")
    done = run_module("tests.fixtures.film_tool", "Qwertz of the tool", cwd=copy, **variables(copy))
    assert done.returncode == 0, done.stderr
    assert [film["studio"] for film in json.loads(done.stdout)["films"]] == ["Pathé"]


async def test_the_sample_films_have_the_default(http: httpx.AsyncClient) -> None:
    assert (await http.get(f"{FILMS}/1")).json()["studio"] is None


async def test_the_filter_finds_films_by_a_part_of_the_field(http: httpx.AsyncClient) -> None:
    film = await created(http, "Filtered", studio="Studio Ghibli")
    found = (await http.get(FILMS, params={"studio": "ghib"})).json()
    assert [one["id"] for one in found] == [film["id"]]


def test_the_tests_of_the_recipe_and_of_films_pass_in_the_copy(copy: Path) -> None:
    chosen = [path for path in FIELD if path.startswith(TEST)]
    options = ("-q", "-x", "-m", "not postgres", "-p", "no:cacheprovider")
    done = run_module("pytest", *options, *chosen, CONTRACT, cwd=copy, PYTHONPATH=str(copy))
    assert done.returncode in (0, 1), done.stderr
    assert " failed" not in done.stdout, done.stdout
    assert re.search(r"\d+ passed", done.stdout)


def test_the_changed_files_pass_ruff_and_black(tmp_path: Path) -> None:
    copy_to(tmp_path)
    add_field(tmp_path)
    add_filter(tmp_path, QUERY, CONDITIONS)
    changed = [path for path in (*FIELD, *FILTER) if path.endswith(".py")]
    for check in (("ruff", "check"), ("black", "--check", "-q")):
        done = run_module(*check, *changed, cwd=tmp_path, PYTHONPATH=str(tmp_path))
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_filter_without_its_condition_stops_the_application(tmp_path: Path) -> None:
    copy_to(tmp_path)
    add_filter(tmp_path, QUERY)
    done = run_module("app", "serve", cwd=tmp_path, **variables(tmp_path))
    assert done.returncode != 0
    assert done.stderr.splitlines()[-1] == ("TypeError: FilmQuery: no list answers the filter studio: add it there.")
