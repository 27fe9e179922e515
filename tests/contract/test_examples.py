"""What /docs fills in works when it is sent."""

from __future__ import annotations

import httpx

from tests.fixtures.callers import CUSTOMER, bearer, token_of
from tests.fixtures.examples import body_of, examples_in, path_parameters, with_examples

ENDS_ITS_TOKEN = {"change_password"}
"""For routes about API keys, which an admin asks for afterwards: a customer sends it."""
NEEDS_A_SECRET = {"refresh_token"}
"""Of those who ask, which no example could know."""


async def test_every_example_is_accepted(own_client: httpx.AsyncClient) -> None:
    described = (await own_client.get("/openapi.json")).json()
    (rented,) = (await own_client.get("/api/v1/rentals", params={"active_only": True, "limit": 1})).json()
    conversation = (await own_client.post("/api/v1/conversations")).json()
    path_values = dict.fromkeys(path_parameters(described), "1") | {"rental_id": str(rented["id"])}
    path_values["conversation_id"] = str(conversation["id"])
    refused = []
    for method, path, operation in with_examples(described):
        if operation["operationId"] in NEEDS_A_SECRET:
            continue
        examples = {place: examples_in(operation, place) for place in ("query", "header")}
        if operation["operationId"] in ENDS_ITS_TOKEN:
            examples["header"] |= bearer(token_of(CUSTOMER))
        response = await own_client.request(
            method,
            path.format_map(path_values),
            params=examples["query"],
            headers=examples["header"],
            json=body_of(described, operation),
        )
        if response.status_code >= 400:
            refused.append(f"{method} {path}: {response.text}")
        if "Location" in response.headers:
            await own_client.delete(response.headers["Location"])  # for the next one to find the store as it was
    assert not refused, "\n".join(refused)
