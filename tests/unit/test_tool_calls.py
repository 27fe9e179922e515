"""Irregular tool calls of models."""

from __future__ import annotations

import json

import pytest

from app.agents.chat_services.tool_calls import arguments_of, calls_in, offered_name, safe_name
from app.core.errors import UpstreamFailed

OFFERED = [
    "film_search-search_films",
    "film_search-find_films",
    "rental_desk-film_near_me",
    "Handoff-transfer_to_LLMAgent",
]
SEARCH = OFFERED[0]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        (SEARCH, SEARCH),
        ("search_films", SEARCH),
        ("film_search.search_films", SEARCH),
        ("film_search_search_films", SEARCH),
        ("functions.film_search-search_films", SEARCH),
        ("Film_Search-Search_Films", SEARCH),
        ("transfer_to_LLMAgent", "Handoff-transfer_to_LLMAgent"),
        ("films", None),
        ("", None),
        ("rocket", None),
    ],
)
def test_a_name_is_understood_in_any_spelling(name: str, meant: str | None) -> None:
    assert offered_name(name, OFFERED) == meant


def test_a_function_name_in_two_plugins_is_ambiguous() -> None:
    assert offered_name("search", ["films-search", "actors-search"]) is None


def test_an_unknown_tool_name_is_made_safe_for_the_provider() -> None:
    assert safe_name("launch rocket\n" + "x" * 100) == "launch_rocket_" + "x" * 50


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ('{"title": "Alien"}', {"title": "Alien"}),
        ("", {}),
        ("null", {}),
        ("[]", {}),
        ('""', {}),
        (json.dumps('{"title": "Alien"}'), {"title": "Alien"}),
        (json.dumps(json.dumps('{"title": "Alien"}')), {"title": "Alien"}),
        ("{'title': 'Alien', 'limit': None, 'in_stock': True}", {"title": "Alien", "limit": None, "in_stock": True}),
        ('{}{"title": "Alien"}', {"title": "Alien"}),
        ('{"limit": NaN}', {"limit": "NaN"}),
        ('{"limit": 1e999}', {"limit": "1e999"}),
    ],
)
def test_arguments_are_read_however_they_are_quoted(text: str, arguments: dict[str, object]) -> None:
    assert arguments_of(text) == arguments


@pytest.mark.parametrize("text", ['{"title": "Ali', "[1]", "5", '"Alien"', "{'a': {1, 2}}", "{" * 9000, "[" * 9000])
def test_arguments_that_are_not_an_object_are_none(text: str) -> None:
    assert arguments_of(text) is None


CALL = {"name": "search_films", "arguments": {"title": "Alien"}}
BODY = json.dumps(CALL)


@pytest.mark.parametrize(
    "text",
    [
        BODY,
        f"  {BODY}\n",
        f"```json\n{BODY}\n```",
        f"```\n[{BODY}]\n```",
        f"<tool_call>\n{BODY}\n</tool_call>",
        f"<tool_call>{BODY}",
        f"[TOOL_CALLS][{BODY}]",
        f"[TOOL_CALLS] [{BODY}]",
        '[TOOL_CALLS]film_search-search_films[ARGS]{"title": "Alien"}',
        f"<|python_tag|>{BODY}<|eom_id|>",
        '<function=search_films>{"title": "Alien"}</function>',
        r'<function=search_films>"{\"title\": \"Alien\"}"</function>',
        "<tool_call><function=search_films><parameter=title>Alien</parameter></function></tool_call>",
        json.dumps({"name": SEARCH, "parameters": {"title": "Alien"}}),
        json.dumps({"type": "function", "function": CALL}),
        json.dumps({"tool_calls": [{"id": "1", "type": "function", "function": CALL}]}),
        json.dumps({"name": SEARCH, "arguments": '{"title": "Alien"}'}),
        json.dumps({"tool": SEARCH, "tool_input": {"title": "Alien"}}),
        'film_search-search_films(title="Alien")',
        "[search_films(title='Alien')]",
    ],
)
def test_a_text_that_is_a_call_is_run_as_one(text: str) -> None:
    (call,) = calls_in(text, OFFERED)
    assert (call.name, json.loads(call.arguments)) == (SEARCH, {"title": "Alien"})


def test_several_calls_are_all_run() -> None:
    text = f"<tool_call>{BODY}</tool_call>\n<tool_call>{BODY}</tool_call>"
    calls = calls_in(text, OFFERED)
    assert [call.name for call in calls] == [SEARCH, SEARCH]
    assert calls[0].id != calls[1].id


@pytest.mark.parametrize(
    "text",
    [
        f"Let me look that up: {BODY}",
        f"{BODY}\nOne moment.",
        f"I call it.\n<tool_call>{BODY}</tool_call>",
        '<tool_call>{"name": "search_films", "argum',
        json.dumps({"name": "launch_rocket", "arguments": {}}),
        "[TOOL_CALLS] something",
        "<｜tool▁calls▁begin｜>search_films",
    ],
)
def test_a_text_that_looks_like_a_call_but_cannot_be_parsed_is_an_error(text: str) -> None:
    with pytest.raises(UpstreamFailed, match="tool call as text"):
        calls_in(text, OFFERED)


@pytest.mark.parametrize(
    "text",
    [
        "Alien rents for $2.99.",
        "Alien(1979)",
        "It has a sequel (Aliens).",
        "search_films",
        '{"title": "Alien", "price": 2.99}',
        '["Alien", "Aliens"]',
        "```python\nprint('Alien')\n```",
        '{"name": "Alien"}',
        "",
    ],
)
def test_an_ordinary_answer_is_not_parsed_as_a_call(text: str) -> None:
    assert calls_in(text, OFFERED) == ()
