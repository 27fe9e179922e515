"""The OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import unified_diff
from typing import Any

import httpx
import pytest

from tests.contract.snapshot import SNAPSHOT, rendered

NAMES = re.compile(r"{(\w+)}")


@pytest.fixture(scope="module")
async def described(client: httpx.AsyncClient) -> dict[str, Any]:
    return dict((await client.get("/openapi.json")).json())


def operations(described: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in described["paths"].values() for operation in path.values()]


def test_operation_ids_are_stable(described: dict[str, Any]) -> None:
    expected = [
        *("ask_agents", "ask_model", "get_ai_info", "get_category", "get_film", "get_health", "get_liveness"),
        *("get_readiness", "get_root", "list_categories", "list_films", "summarise_film"),
        *("create_category", "replace_category", "delete_category"),
        *("import_films", "export_films", "search_films"),
        *("create_film", "replace_film", "update_film", "delete_film", "get_film_availability"),
        *("list_actors", "get_actor", "list_actor_films", "create_actor", "replace_actor", "delete_actor"),
        *("list_inventory", "get_inventory", "create_inventory", "delete_inventory"),
        *("list_customers", "create_customer", "get_customer", "replace_customer", "update_customer"),
        *("deactivate_customer", "get_customer_balance", "list_customer_payments", "create_customer_payment"),
        *("list_rentals", "create_rental", "get_rental", "update_rental", "delete_rental", "return_rental"),
        *("list_customer_rentals", "create_customer_rental"),
        *("register", "sign_in", "refresh_token", "sign_out", "get_me", "change_password"),
        *("list_api_keys", "create_api_key", "revoke_api_key"),
        *("list_conversations", "create_conversation", "get_conversation", "rename_conversation"),
        *("delete_conversation", "list_turns", "create_turn", "get_turn", "cancel_turn", "get_turn_events"),
        *("list_confirmations", "get_confirmation", "decide_confirmation"),
        *("list_customer_subscriptions", "start_customer_subscription", "cancel_customer_subscription"),
    ]
    assert sorted(operation["operationId"] for operation in operations(described)) == sorted(expected)


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


def test_every_operation_has_a_description(described: dict[str, Any]) -> None:
    assert all(operation["description"] for operation in operations(described))


def test_no_text_of_a_request_may_be_just_anything(described: dict[str, Any]) -> None:
    """Postgres cannot store NUL, so that each text at least excludes it, and clients can see that."""

    def free(node: Any, where: str) -> Iterator[str]:
        if isinstance(node, list):
            node = dict(enumerate(node))
        if not isinstance(node, dict):
            return
        if "$ref" in node:
            node = described["components"]["schemas"][node["$ref"].rsplit("/", 1)[1]]
        if node.get("type") == "string" and not {"pattern", "format", "enum", "const"} & set(node):
            yield where
        for name, part in node.items():
            yield from free(part, f"{where}.{name}")

    for operation in operations(described):
        query = [parameter for parameter in operation.get("parameters", []) if parameter["in"] == "query"]
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        assert not [*free(query, operation["operationId"]), *free(body, operation["operationId"])]


def test_references_lead_somewhere(described: dict[str, Any]) -> None:
    names = {f"#/components/{kind}/{name}" for kind, parts in described["components"].items() for name in parts}

    def check(node: object) -> None:
        if isinstance(node, dict):
            if isinstance(reference := node.get("$ref"), str):
                assert reference in names
            for value in node.values():
                check(value)
        elif isinstance(node, list):
            for value in node:
                check(value)

    check(described)


def test_a_change_of_the_contract_shows_in_review(described: dict[str, Any]) -> None:
    agreed, present = SNAPSHOT.read_text(encoding="utf-8").splitlines(), rendered(described).splitlines()
    changes = list(unified_diff(agreed, present, "agreed", "present", lineterm=""))
    assert not changes, "\n".join(["The contract has changed. If it should: make snapshot.", *changes[:100]])


def test_only_operations_without_a_database_lack_503(described: dict[str, Any]) -> None:
    without = [operation["operationId"] for operation in operations(described) if "503" not in operation["responses"]]
    assert sorted(without) == ["get_health", "get_liveness", "get_root"]


def test_every_operation_with_a_body_has_413(described: dict[str, Any]) -> None:
    taking = [operation for operation in operations(described) if "requestBody" in operation]
    assert [operation["operationId"] for operation in taking if "413" not in operation["responses"]] == []


def test_every_operation_with_parameters_has_422(described: dict[str, Any]) -> None:
    taking = [operation for operation in operations(described) if operation.get("parameters")]
    assert [operation["operationId"] for operation in taking if "422" not in operation["responses"]] == []


def test_every_operation_with_an_id_in_its_path_has_404(described: dict[str, Any]) -> None:
    within = [
        operation for path, methods in described["paths"].items() if "{" in path for operation in methods.values()
    ]
    assert [operation["operationId"] for operation in within if "404" not in operation["responses"]] == []


def test_every_operation_with_if_match_has_412(described: dict[str, Any]) -> None:
    for operation in operations(described):
        headers = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "header"}
        assert ("if-match" in headers) == ("412" in operation["responses"]), operation["operationId"]
        assert ("if-none-match" in headers) == ("304" in operation["responses"]), operation["operationId"]


def test_every_response_of_a_limited_operation_has_rate_limit_headers(described: dict[str, Any]) -> None:
    headers = set(described["components"]["headers"])
    assert headers == {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
    limited = [
        operation
        for operation in operations(described)
        if any(headers & set(response.get("headers", {})) for response in operation["responses"].values())
    ]
    assert {"ask_agents", "ask_model", "summarise_film"} <= {operation["operationId"] for operation in limited}
    for operation in limited:
        assert all(headers <= set(response["headers"]) for response in operation["responses"].values())
        assert "Retry-After" in operation["responses"]["429"]["headers"]


def test_every_answer_with_content_has_a_schema(described: dict[str, Any]) -> None:
    for operation in operations(described):
        for status, response in operation["responses"].items():
            assert ("content" in response) == (status not in ("204", "304")), f"{operation['operationId']} {status}"
            for media_type, content in response.get("content", {}).items():
                assert content["schema"], f"{operation['operationId']} {status} {media_type}"


async def test_a_path_names_all_its_methods_when_asked_for_another(
    client: httpx.AsyncClient, described: dict[str, Any]
) -> None:
    for path, methods in described["paths"].items():
        response = await client.request("TRACE", path.format_map(dict.fromkeys(NAMES.findall(path), "1")))
        assert response.status_code == 405
        # HEAD goes with GET, and is not described by itself.
        answered = {*methods, *(["head"] if "get" in methods else [])}
        assert sorted(response.headers["Allow"].lower().split(", ")) == sorted(answered)
