"""Both fake models behave alike: the same agents take the same turns with each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Annotated, Any

import httpx
import openai
import pytest
from semantic_kernel import Kernel
from semantic_kernel.agents import ChatCompletionAgent, HandoffOrchestration, OrchestrationHandoffs
from semantic_kernel.agents.runtime import InProcessRuntime
from semantic_kernel.connectors.ai.chat_completion_client_base import ChatCompletionClientBase
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion
from semantic_kernel.contents import ChatMessageContent
from semantic_kernel.functions import kernel_function

from tests.fakes.openai_server import FakeOpenAI, Mode, Reply, fake_openai
from tests.fakes.scripted_chat import (
    COMPLETION_TOKENS,
    PROMPT_TOKENS,
    ScriptedChat,
    ScriptExhaustedError,
    call,
    calls,
    complete,
    fail,
    hand_over,
    hang,
    say,
)

pytestmark = pytest.mark.servers

FILM_QUESTION = "What does it cost to rent the film Alien Center?"
FILM_ANSWER = "Alien Center (Horror, Sci-Fi) rents for $2.99."
OTHER_QUESTION = "What is the capital of France?"


class FilmSearch:
    """A toy store that knows every film but "Nothing"."""

    def __init__(self) -> None:
        self.titles: list[str] = []

    @kernel_function(description="Find films by title.")
    async def search_films(self, title: Annotated[str, "Part of the title"]) -> str:
        self.titles.append(title)
        film = {"title": title, "categories": ["Horror", "Sci-Fi"], "rental_rate": 2.99}
        return json.dumps({"match": "exact", "films": [] if title == "Nothing" else [film]})


@pytest.fixture
async def client(server: FakeOpenAI) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=server.base_url, api_key="sk-test", max_retries=0) as client:
        yield client


def connector(client: openai.AsyncOpenAI) -> OpenAIChatCompletion:
    return OpenAIChatCompletion(ai_model_id="gpt-fake", async_client=client)


async def take_turn(
    service: ChatCompletionClientBase, question: str, films: FilmSearch | None = None
) -> list[ChatMessageContent]:
    """One turn of SearchAgent and LLMAgent; every message they produced."""
    kernel = Kernel(services=[service])
    search_kernel = kernel.clone()
    search_kernel.add_plugin(films or FilmSearch(), "film_search")
    search = ChatCompletionAgent(name="SearchAgent", instructions="You find films.", kernel=search_kernel)
    general = ChatCompletionAgent(name="LLMAgent", instructions="You know the rest.", kernel=kernel)
    messages: list[ChatMessageContent] = []

    def collect(message: ChatMessageContent | list[ChatMessageContent]) -> None:
        messages.extend(message if isinstance(message, list) else [message])

    orchestration: HandoffOrchestration[str, ChatMessageContent] = HandoffOrchestration(
        members=[search, general],
        handoffs=OrchestrationHandoffs().add_many(search, {"LLMAgent": "Everything but films."}),
        agent_response_callback=collect,
    )
    runtime = InProcessRuntime(ignore_unhandled_exceptions=False)
    runtime.start()
    try:
        result = await orchestration.invoke(task=question, runtime=runtime)
        await result.get(timeout=60)
        await runtime.stop_when_idle()
    except BaseException:
        await runtime.stop()
        raise
    return messages


def texts(messages: list[ChatMessageContent]) -> list[str]:
    return [message.content for message in messages if message.role.value == "assistant" and message.content]


def tokens(messages: list[ChatMessageContent]) -> dict[str, tuple[int, int]]:
    """Return the usage of each model call, by the completion's id."""
    used = {message.metadata["id"]: message.metadata.get("usage") for message in messages if message.metadata}
    return {key: (usage.prompt_tokens, usage.completion_tokens) for key, usage in used.items() if usage}


async def ask(client: openai.AsyncOpenAI, question: str = OTHER_QUESTION, **more: Any) -> Any:
    return await client.chat.completions.create(
        model="gpt-fake", messages=[{"role": "user", "content": question}], **more
    )


async def streamed_text(client: openai.AsyncOpenAI) -> str:
    chunks = [chunk async for chunk in await ask(client, stream=True)]
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


async def test_a_scripted_film_question_takes_two_model_calls() -> None:
    films = FilmSearch()
    chat = ScriptedChat([call("film_search-search_films", title="Alien Center"), say(FILM_ANSWER)])

    messages = await take_turn(chat, FILM_QUESTION, films)

    assert texts(messages) == [FILM_ANSWER]
    assert films.titles == ["Alien Center"]
    assert list(tokens(messages).values()) == [(PROMPT_TOKENS, COMPLETION_TOKENS)] * 2
    assert [recorded.agent for recorded in chat.calls] == ["SearchAgent", "SearchAgent"]
    assert "film_search-search_films" in chat.calls[0].tools
    assert '"match": "exact"' in chat.calls[1].transcript
    chat.assert_exhausted()


async def test_a_scripted_hand_over_takes_three_model_calls() -> None:
    chat = ScriptedChat(
        {
            "SearchAgent": [call("film_search-search_films", title="Nothing"), hand_over("LLMAgent")],
            "LLMAgent": [say("Paris.")],
        }
    )

    messages = await take_turn(chat, OTHER_QUESTION)

    assert texts(messages) == ["Paris."]
    assert [recorded.agent for recorded in chat.calls] == ["SearchAgent", "SearchAgent", "LLMAgent"]
    chat.assert_exhausted()


async def test_a_script_can_call_two_tools_at_once_and_complete_the_task() -> None:
    films = FilmSearch()
    search = "film_search-search_films"
    chat = ScriptedChat([calls(call(search, title="Alien"), call(search, title="Agent")), complete("Both.")])

    await take_turn(chat, FILM_QUESTION, films)

    assert sorted(films.titles) == ["Agent", "Alien"]
    chat.assert_exhausted()


async def test_a_script_works_without_streaming() -> None:
    kernel = Kernel(services=[chat := ScriptedChat({"": [lambda history, settings: say(f"{len(history)}")]})])

    assert str(await kernel.invoke_prompt("Summarize.")) == "1"
    assert not chat.calls[0].streamed


async def test_a_call_beyond_the_script_fails_and_is_remembered() -> None:
    chat = ScriptedChat([call("film_search-search_films", title="Alien")])

    with pytest.raises(ScriptExhaustedError, match="call 2 by agent 'SearchAgent'"):
        await take_turn(chat, FILM_QUESTION)
    with pytest.raises(AssertionError, match="beyond the script"):
        chat.assert_exhausted()


async def test_a_step_that_is_never_reached_is_reported() -> None:
    chat = ScriptedChat([say("Paris."), fail(RuntimeError("never"))])

    await take_turn(chat, OTHER_QUESTION)

    with pytest.raises(AssertionError, match="never reached"):
        chat.assert_exhausted()


async def test_a_scripted_hang_notices_its_cancellation() -> None:
    chat = ScriptedChat([hang(after="Let me ")])
    prompt = asyncio.create_task(Kernel(services=[chat]).invoke_prompt("Summarize."))
    await asyncio.wait_for(chat.hanging.wait(), 60)

    prompt.cancel()

    with pytest.raises(asyncio.CancelledError):
        await prompt
    assert chat.cancelled == 1


async def test_a_film_question_takes_two_requests(server: FakeOpenAI, client: openai.AsyncOpenAI) -> None:
    messages = await take_turn(connector(client), FILM_QUESTION)

    assert texts(messages) == [FILM_ANSWER]
    assert [request.agent for request in server.requests] == ["SearchAgent", "SearchAgent"]
    assert len(tokens(messages)) == 2


@pytest.mark.parametrize(("question", "requests"), [(OTHER_QUESTION, 2), ('Is "Nothing" a film?', 3)])
async def test_a_hand_over_ends_at_the_other_agent(
    server: FakeOpenAI, client: openai.AsyncOpenAI, question: str, requests: int
) -> None:
    messages = await take_turn(connector(client), question)

    assert texts(messages) == [f"General answer: {question}"]
    assert server.calls == requests
    assert server.requests[-1].agent == "LLMAgent"


@pytest.mark.parametrize("mode", [Mode.COMPLETE_TASK, Mode.ANSWER_THEN_COMPLETE])
async def test_the_task_can_be_completed(server: FakeOpenAI, client: openai.AsyncOpenAI, mode: Mode) -> None:
    server.mode = mode

    messages = await take_turn(connector(client), FILM_QUESTION)

    summaries = [item.to_dict() for message in messages for item in message.items if "complete" in str(item)]
    assert FILM_ANSWER in str(summaries)


@pytest.mark.parametrize("mode", [Mode.HANG, Mode.HANG_AFTER_FIRST_CHUNK])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_gives_up_on_a_hanging_server_is_seen(
    server: FakeOpenAI, client: openai.AsyncOpenAI, mode: Mode, stream: bool
) -> None:
    server.mode = mode
    waiting = asyncio.create_task(streamed_text(client) if stream else ask(client))
    await server.wait_for_calls(1)
    assert server.disconnects == 0

    waiting.cancel()

    await server.wait_for_disconnect()
    assert server.requests[0].ended is not None


async def test_a_client_that_leaves_between_two_chunks_is_seen(server: FakeOpenAI, client: openai.AsyncOpenAI) -> None:
    server.chunk_delay = 0.05
    async with await ask(client, stream=True) as stream:
        await anext(aiter(stream))

    await server.wait_for_disconnect()


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        (Mode.UNAUTHORIZED, openai.AuthenticationError),
        (Mode.RATE_LIMITED, openai.RateLimitError),
        (Mode.SERVER_ERROR, openai.InternalServerError),
        (Mode.UNAVAILABLE, openai.InternalServerError),
        (Mode.MALFORMED, json.JSONDecodeError),
        (Mode.MALFORMED_JSON, json.JSONDecodeError),
        (Mode.DROPPED, openai.APIConnectionError),
        (Mode.CUT_OFF, openai.APIConnectionError),
    ],
)
async def test_failures_reach_the_client(
    server: FakeOpenAI, client: openai.AsyncOpenAI, mode: Mode, error: type[Exception]
) -> None:
    server.script([mode])

    with pytest.raises(error):
        await ask(client)

    assert (await ask(client)).choices[0].message.content == f"General answer: {OTHER_QUESTION}"


async def test_broken_streams(server: FakeOpenAI, client: openai.AsyncOpenAI) -> None:
    whole = f"General answer: {OTHER_QUESTION}"
    server.script([Mode.NORMAL, Mode.CUT_OFF, Mode.EMPTY, Mode.NO_CHOICES, Mode.MALFORMED_JSON, Mode.DROPPED])

    assert await streamed_text(client) == whole
    cut = await streamed_text(client)
    assert whole.startswith(cut)
    assert 0 < len(cut) < len(whole)
    assert await streamed_text(client) == ""
    assert await streamed_text(client) == ""
    with pytest.raises(json.JSONDecodeError):
        await streamed_text(client)
    with pytest.raises(openai.APIConnectionError):
        await streamed_text(client)


async def test_a_refused_key_is_quoted_and_a_rate_limit_says_when(
    server: FakeOpenAI, client: openai.AsyncOpenAI
) -> None:
    server.api_key = "sk-other"
    with pytest.raises(openai.AuthenticationError, match="sk-test"):
        await ask(client)

    server.reset()
    server.mode, server.retry_after = Mode.RATE_LIMITED, "20"
    with pytest.raises(openai.RateLimitError) as caught:
        await ask(client)
    assert caught.value.response.headers["retry-after"] == "20"


async def test_azure_has_its_own_path_and_key_header(server: FakeOpenAI) -> None:
    server.api_key = "azure-key"
    async with openai.AsyncAzureOpenAI(
        azure_endpoint=server.azure_endpoint, api_key="azure-key", api_version="2024-10-21"
    ) as azure:
        completion = await ask(azure)

    assert completion.model == "gpt-fake"
    assert server.requests[0].path == "/openai/deployments/gpt-fake/chat/completions"
    assert server.requests[0].headers["api-key"] == "azure-key"


async def test_structured_output_fits_its_schema(client: openai.AsyncOpenAI) -> None:
    years = {"type": "array", "items": {"type": "integer"}}
    schema = {
        "type": "object",
        "required": ["mood", "good", "film"],
        "properties": {
            "mood": {"enum": ["happy", "sad"]},
            "good": {"type": "boolean"},
            "film": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Film"}]},
        },
        "$defs": {"Film": {"properties": {"title": {"type": "string"}, "years": years}}},
    }

    completion = await ask(client, response_format={"type": "json_schema", "json_schema": {"schema": schema}})

    assert json.loads(completion.choices[0].message.content) == {
        "mood": "happy",
        "good": True,
        "film": {"title": "text", "years": [1]},
    }


async def test_ids_are_unique_and_the_usage_adds_up(server: FakeOpenAI, client: openai.AsyncOpenAI) -> None:
    server.script([Reply("One."), Reply("One.", finish_reason="length")])
    one, two = await ask(client), await ask(client)

    assert one.id != two.id
    assert (one.choices[0].finish_reason, two.choices[0].finish_reason) == ("stop", "length")
    assert one.usage.total_tokens == one.usage.prompt_tokens + one.usage.completion_tokens


def test_a_server_stops_while_a_client_hangs() -> None:
    body = {"model": "gpt-fake", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
    with ExitStack() as afterwards:
        with fake_openai(plain=True) as server:
            server.mode = Mode.HANG_AFTER_FIRST_CHUNK
            url = f"{server.base_url}/chat/completions"
            response = afterwards.enter_context(httpx.stream("POST", url, json=body))
            chunks = response.iter_bytes()
            assert next(chunks).startswith(b"data: ")
        with pytest.raises(httpx.RemoteProtocolError):
            next(chunks)
    assert server.disconnects == 0
