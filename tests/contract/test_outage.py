"""While the database is unreachable, every operation of the store is 503."""

from __future__ import annotations

from app.main import create_app
from tests.conftest import client_of, running, settings_for
from tests.fixtures.examples import body_of, examples_in, path_parameters

NOWHERE = "postgresql+asyncpg://someone:secret@127.0.0.1:1/store"
NOT_OF_THE_STORE = ("/health", "/api/v1/ai/")
UPLOAD = {"file": ("films.csv", b"title,language\nDust,English\n", "text/csv")}


async def test_every_operation_of_the_store_is_503_with_a_time_to_try_again() -> None:
    app = create_app(settings_for(NOWHERE))
    async with running(app), client_of(app) as client:
        described = (await client.get("/openapi.json")).json()
        values = dict.fromkeys(path_parameters(described), "1")
        answered = {}
        for path, operations in described["paths"].items():
            if path == "/" or path.startswith(NOT_OF_THE_STORE):
                continue
            for method, operation in operations.items():
                response = await client.request(
                    method,
                    path.format_map(values),
                    params=examples_in(operation, "query"),
                    json=body_of(described, operation),
                    files=UPLOAD if path.endswith("/import") else None,
                    data={"username": "ada@example.org", "password": "any"} if path.endswith("/token") else None,
                )
                answered[f"{method} {path}"] = (response.status_code, response.headers.get("retry-after"))
                assert "secret" not in response.text
                assert response.headers["content-type"] == "application/problem+json"
    assert len(answered) > 40
    assert set(answered.values()) == {(503, "5")}, answered
