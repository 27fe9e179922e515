"""The API's description of itself."""

from __future__ import annotations

from typing import Any

import httpx
import pytest


@pytest.fixture(scope="session")
async def described(client: httpx.AsyncClient) -> dict[str, Any]:
    return dict((await client.get("/openapi.json")).json())


def operations(described: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in described["paths"].values() for operation in path.values()]


def test_operation_ids_are_stable(described: dict[str, Any]) -> None:
    assert sorted(operation["operationId"] for operation in operations(described)) == [
        *("ask_agents", "ask_model", "get_ai_info", "get_category", "get_film", "get_health", "get_liveness"),
        *("get_readiness", "get_root", "list_categories", "list_films", "summarise_film"),
    ]


def test_every_error_is_described_as_the_problem_it_is(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    assert {"Problem", "ValidationProblem"} <= set(schemas)
    assert "HTTPValidationError" not in schemas
    for operation in operations(described):
        for status, response in operation["responses"].items():
            if status.startswith(("4", "5")):
                (media_type,) = response["content"]
                assert media_type == "application/problem+json"
                reference = response["content"][media_type]["schema"]["$ref"]
                assert reference.rsplit("/", 1)[1] in schemas


def test_every_operation_says_what_it_does(described: dict[str, Any]) -> None:
    assert all(operation["description"] for operation in operations(described))


def test_references_lead_somewhere(described: dict[str, Any]) -> None:
    names = set(described["components"]["schemas"])

    def check(node: object) -> None:
        if isinstance(node, dict):
            if isinstance(reference := node.get("$ref"), str):
                assert reference.removeprefix("#/components/schemas/") in names
            for value in node.values():
                check(value)
        elif isinstance(node, list):
            for value in node:
                check(value)

    check(described)
