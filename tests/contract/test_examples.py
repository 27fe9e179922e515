"""What /docs fills in works when it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx


async def test_every_example_is_accepted(own_client: httpx.AsyncClient) -> None:
    described = (await own_client.get("/openapi.json")).json()
    (rented,) = (await own_client.get("/api/v1/rentals", params={"active_only": True, "limit": 1})).json()
    path_values = dict.fromkeys(_path_parameters(described), "1") | {"rental_id": str(rented["id"])}
    refused = []
    for method, path, operation in _with_examples(described):
        examples = {place: _examples(operation, place) for place in ("query", "header")}
        response = await own_client.request(
            method,
            path.format_map(path_values),
            params=examples["query"],
            headers=examples["header"],
            json=_body(described, operation),
        )
        if response.status_code >= 400:
            refused.append(f"{method} {path}: {response.text}")
        if "Location" in response.headers:
            await own_client.delete(response.headers["Location"])  # for the next one to find the store as it was
    assert not refused, "\n".join(refused)


def _path_parameters(described: dict[str, Any]) -> set[str]:
    operations = [operation for path in described["paths"].values() for operation in path.values()]
    return {p["name"] for operation in operations for p in operation.get("parameters", []) if p["in"] == "path"}


def _with_examples(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            if _has_body(operation) or _examples(operation, "query") or _examples(operation, "header"):
                yield method.upper(), path, operation


def _has_body(operation: dict[str, Any]) -> bool:
    return "application/json" in operation.get("requestBody", {}).get("content", {})


def _examples(operation: dict[str, Any], place: str) -> dict[str, Any]:
    return {
        parameter["name"]: parameter["schema"]["examples"][0]
        for parameter in operation.get("parameters", [])
        if parameter["in"] == place and "examples" in parameter["schema"]
    }


def _body(described: dict[str, Any], operation: dict[str, Any]) -> Any:
    """The body's example, else its members' examples and defaults: nothing is left for /docs to make up."""
    if not _has_body(operation):
        return None
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    schema = schema.get("anyOf", [schema])[0]
    if "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if "examples" in schema:
        return schema["examples"][0]
    unsaid = [name for name, member in schema["properties"].items() if not {"examples", "default"} & set(member)]
    assert not unsaid, f"{operation['operationId']} has no example for {unsaid}"
    return {name: member.get("examples", [member.get("default")])[0] for name, member in schema["properties"].items()}
