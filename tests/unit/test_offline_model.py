"""The offline model as a chat service: its roles, its streams and its usage, alone and in an orchestration."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import BaseModel
from semantic_kernel import Kernel
from semantic_kernel.agents import ChatCompletionAgent, HandoffOrchestration, OrchestrationHandoffs
from semantic_kernel.agents.runtime import InProcessRuntime
from semantic_kernel.connectors.ai.function_choice_behavior import FunctionChoiceBehavior
from semantic_kernel.connectors.ai.open_ai import OpenAIChatPromptExecutionSettings
from semantic_kernel.contents import (
    AuthorRole,
    ChatHistory,
    ChatMessageContent,
    FinishReason,
    FunctionCallContent,
    FunctionResultContent,
)
from semantic_kernel.functions import kernel_function

from app.agents.chat_services.settings import ChatExecutionSettings
from app.agents.offline.connector import OfflineChatCompletion
from tests.fakes.film_store import FilmStore

SEARCH_TOOLS = (
    *("film_search-find_mentions", "film_search-find_films", "film_search-film_availability"),
    *("Handoff-transfer_to_LLMAgent", "Handoff-complete_task"),
)
GENERAL_TOOLS = ("Handoff-transfer_to_SearchAgent", "Handoff-complete_task")
ALIEN = {"film_id": 1, "title": "Alien", "release_year": 1979, "rental_rate": 2.99, "categories": ["Horror", "Sci-Fi"]}


class FilmOpinion(BaseModel):
    recommended: bool
    summary: str


class FilmSearch:
    """The film search's tools over films in memory."""

    def __init__(self) -> None:
        self.store = FilmStore.from_catalogue()

    @kernel_function(name="find_mentions")
    async def find_mentions(self, text: str) -> str:
        """Find what a text mentions."""
        return json.dumps(self.store.call("find_mentions", {"text": text}))

    @kernel_function(name="find_films")
    async def find_films(self, categories: list[str] | None = None) -> str:
        """Find films that fit criteria."""
        return json.dumps(self.store.call("find_films", {"categories": categories or []}))

    @kernel_function(name="film_availability")
    async def film_availability(self, film_id: int) -> str:
        """Discs of a film."""
        return json.dumps(self.store.call("film_availability", {"film_id": film_id}))


class CountedModel(OfflineChatCompletion):
    """Remembers the usage of each completion under its id."""

    def __init__(self) -> None:
        super().__init__()
        self._completions: dict[str, Any] = {}

    @property
    def completions(self) -> dict[str, Any]:
        return self._completions

    async def _inner_get_streaming_chat_message_contents(self, *args: Any, **kwargs: Any) -> Any:
        async for messages in super()._inner_get_streaming_chat_message_contents(*args, **kwargs):
            for message in messages:
                if usage := message.metadata.get("usage"):
                    self._completions[message.metadata["id"]] = usage
            yield messages


def settings(tools: Sequence[str]) -> ChatExecutionSettings:
    return ChatExecutionSettings(tools=[{"type": "function", "function": {"name": name}} for name in tools])


def asked(question: str) -> ChatHistory:
    history = ChatHistory(system_message="You are an agent of a film store.")
    history.add_user_message(question)
    return history


def looked_up(question: str, result: str) -> ChatHistory:
    history = asked(question)
    call = FunctionCallContent(id="1", name="film_search-find_mentions", arguments=json.dumps({"text": question}))
    history.add_message(ChatMessageContent(role=AuthorRole.ASSISTANT, items=[call]))
    told = FunctionResultContent.from_function_call_content_and_result(call, result)
    history.add_message(ChatMessageContent(role=AuthorRole.TOOL, items=[told]))
    return history


def mentioned(question: str, film: dict[str, Any]) -> str:
    """Return the result of find_mentions for a question with this film."""
    start = question.index(film["title"])
    place = {"mention": film["title"], "start": start, "end": start + len(film["title"])}
    found = {**place, "match": "exact", "score": 1.0, "common": False, "total": 1, "films": [film]}
    return json.dumps({"films": [found], "actors": [], "categories": [], "languages": []})


async def complete(history: ChatHistory, tools: Sequence[str] = ()) -> ChatMessageContent:
    (message,) = await OfflineChatCompletion().get_chat_message_contents(history, settings(tools))
    return message


async def test_a_film_question_becomes_a_tool_call() -> None:
    message = await complete(asked("What is the rental rate for the film Alien?"), SEARCH_TOOLS)
    (call,) = message.items
    assert isinstance(call, FunctionCallContent)
    assert (call.plugin_name, call.function_name) == ("film_search", "find_mentions")
    assert json.loads(str(call.arguments)) == {"text": "What is the rental rate for the film Alien?"}
    assert message.finish_reason == FinishReason.TOOL_CALLS


async def test_the_tool_calls_for_several_films_are_in_one_completion() -> None:
    question = "Are Alien and Jaws in stock?"
    alien, jaws = (
        json.loads(mentioned(question, {**ALIEN, "film_id": i, "title": t})) for i, t in ((1, "Alien"), (8, "Jaws"))
    )
    found = {**alien, "films": alien["films"] + jaws["films"]}
    message = await complete(looked_up(question, json.dumps(found)), SEARCH_TOOLS)
    calls = [item for item in message.items if isinstance(item, FunctionCallContent)]
    assert [json.loads(str(call.arguments)) for call in calls] == [{"film_id": 1}, {"film_id": 8}]
    assert len({call.id for call in calls}) == 2


async def test_the_answer_is_worded_from_the_tools_result() -> None:
    result = mentioned("how much is Alien?", {**ALIEN, "rental_rate": 1.25})
    message = await complete(looked_up("how much is Alien?", result), SEARCH_TOOLS)
    assert message.content == "Alien (Horror, Sci-Fi) rents for $1.25."
    assert message.finish_reason == FinishReason.STOP


@pytest.mark.parametrize("result", ["Error: connection refused at 10.0.0.1", "[1, 2]", "null", '{"error": "hidden'])
async def test_a_result_that_is_not_json_is_a_failure_and_is_not_shown(result: str) -> None:
    message = await complete(looked_up("how much is Alien?", result), SEARCH_TOOLS)
    assert message.content == "The store could not be asked just now."


async def test_nothing_found_is_handed_over() -> None:
    nothing = json.dumps({"films": [], "actors": [], "categories": [], "languages": []})
    message = await complete(looked_up("how much is Alien?", nothing), SEARCH_TOOLS)
    (call,) = message.items
    assert isinstance(call, FunctionCallContent)
    assert call.name == "Handoff-transfer_to_LLMAgent"


async def test_without_a_handoff_the_answer_says_that_nothing_was_found() -> None:
    message = await complete(asked("Who won the World Cup?"), SEARCH_TOOLS[:3])
    assert message.content == "I found nothing in the store for this question."


async def test_the_general_agent_introduces_itself_and_never_hands_over() -> None:
    message = await complete(asked("Who won the FIFA World Cup in 2022?"), GENERAL_TOOLS)
    assert "I am the offline model" in message.content
    assert message.content.count("OPENAI_API_KEY") == 1
    assert "OPENAI_BASE_URL" in message.content
    assert "/api/v1/ai/handoff" not in message.content
    assert not any(isinstance(item, FunctionCallContent) for item in message.items)


@pytest.mark.parametrize("question", ["Hello!", "thanks", "bye", "help", "What can you do?", "good morning 👋"])
async def test_small_talk_gets_two_friendly_lines_with_examples(question: str) -> None:
    lines = (await complete(asked(question), GENERAL_TOOLS)).content.splitlines()
    assert len(lines) == 2
    assert lines[1].count("“") == 3
    assert "OPENAI" not in "".join(lines)


async def test_the_general_agent_names_the_film_that_was_not_found() -> None:
    missing = await complete(asked('How much is "Zardoz"?'), GENERAL_TOOLS)
    assert missing.content.startswith("The store has no film called “Zardoz”.")
    assert "OPENAI" not in missing.content


@pytest.mark.parametrize(
    ("question", "word"), [("¿Cómo estás?", "inglés"), ("Wie geht es Ihnen, was ist das?", "Englisch")]
)
async def test_other_languages_get_a_sentence_of_their_own(question: str, word: str) -> None:
    assert word in (await complete(asked(question), GENERAL_TOOLS)).content


async def test_without_tools_it_says_where_film_questions_are_answered() -> None:
    message = await complete(asked("How much is Alien?"))
    assert message.content.startswith("I am the offline model")
    assert "POST /api/v1/ai/handoff" in message.content


async def test_a_stream_comes_word_by_word_with_its_usage_at_the_end() -> None:
    model = OfflineChatCompletion()
    whole = (await model.get_chat_message_contents(asked("Hi"), settings(())))[0].content
    chunks = [messages[0] async for messages in model.get_streaming_chat_message_contents(asked("Hi"), settings(()))]
    assert [chunk.content.strip() for chunk in chunks if chunk.content] == whole.split(" ")
    assert "".join(chunk.content for chunk in chunks) == whole
    assert len({chunk.metadata["id"] for chunk in chunks}) == 1
    assert [chunk.finish_reason for chunk in chunks if chunk.finish_reason] == [FinishReason.STOP]
    assert chunks[-1].metadata["usage"].completion_tokens > 0


async def test_every_completion_has_its_own_id_and_an_estimate_of_tokens() -> None:
    short, long = await complete(asked("Hi")), await complete(asked("Hi " * 400))
    assert short.metadata["id"] != long.metadata["id"]
    assert long.metadata["usage"].prompt_tokens - short.metadata["usage"].prompt_tokens == 300


async def test_other_models_settings_are_understood() -> None:
    foreign = OpenAIChatPromptExecutionSettings(max_tokens=5, temperature=0.1, response_format=FilmOpinion)
    history = asked(json.dumps(ALIEN | {"rating": "R"}))
    (message,) = await OfflineChatCompletion().get_chat_message_contents(history, foreign)
    assert FilmOpinion.model_validate_json(message.content).recommended is False


@pytest.mark.parametrize(
    ("rating", "recommended", "reason"),
    [
        ("G", True, "Rated G, it is recommended to a general audience."),
        ("PG-13", True, "Rated PG-13, it is recommended to a general audience."),
        ("R", False, "Rated R, it is not recommended to a general audience."),
        (None, False, "It has no rating, so it is not recommended to a general audience."),
    ],
)
async def test_a_summary_is_json_worded_from_the_film(rating: str | None, recommended: bool, reason: str) -> None:
    film = {
        **ALIEN,
        "rating": rating,
        "length": 117,
        "description": "A crew answers a signal.",
        "actors": ["Sigourney Weaver", "Tom Skerritt"],
    }
    wanted = ChatExecutionSettings(response_format=FilmOpinion)
    history = asked(f"Here is the film: {json.dumps(film)} Thanks.")
    (message,) = await OfflineChatCompletion().get_chat_message_contents(history, wanted)
    opinion = FilmOpinion.model_validate_json(message.content)
    assert opinion.recommended is recommended
    assert opinion.summary == (
        "Alien (1979) is a Horror and Sci-Fi film of 117 minutes. A crew answers a signal. "
        f"It stars Sigourney Weaver and Tom Skerritt. {reason}"
    )


@pytest.mark.parametrize(
    ("film", "sentence"),
    [
        ({**ALIEN, "description": "A crew answers a signal."}, "Alien (1979): A crew answers a signal."),
        (
            {**ALIEN, "length": 117, "actors": ["Sigourney Weaver", "Tom Skerritt"], "description": "A crew. " * 20},
            "Alien (1979) is a Horror and Sci-Fi film of 117 minutes with Sigourney Weaver and Tom Skerritt.",
        ),
        ({"title": "Blank"}, "Blank is a film."),
    ],
)
async def test_a_short_summary_is_one_sentence(film: dict[str, Any], sentence: str) -> None:
    assert (await complete(asked(json.dumps(film)))).content == sentence


async def turn(question: str) -> tuple[list[ChatMessageContent], CountedModel, FilmSearch]:
    """One question through a real orchestration of two agents; all messages that it reported."""
    model, tools = CountedModel(), FilmSearch()
    kernel = Kernel(services=model)
    kernel.add_plugin(tools, plugin_name="film_search")
    behavior = FunctionChoiceBehavior.Auto()
    search = ChatCompletionAgent(name="SearchAgent", kernel=kernel, function_choice_behavior=behavior)
    general = ChatCompletionAgent(
        name="LLMAgent", kernel=Kernel(services=model), function_choice_behavior=behavior.model_copy()
    )
    handoffs = OrchestrationHandoffs()
    handoffs.add_many("SearchAgent", {"LLMAgent": "not about films"})
    handoffs.add_many("LLMAgent", {"SearchAgent": "about films"})
    reported: list[ChatMessageContent] = []

    def on_message(message: ChatMessageContent | list[ChatMessageContent]) -> None:
        reported.extend(message if isinstance(message, list) else [message])

    orchestration: HandoffOrchestration[str, ChatMessageContent] = HandoffOrchestration(
        members=[search, general], handoffs=handoffs, agent_response_callback=on_message
    )
    runtime = InProcessRuntime()
    runtime.start()
    result = await orchestration.invoke(task=question, runtime=runtime)
    await result.get(timeout=60)
    await runtime.stop_when_idle()
    return reported, model, tools


def last_answer(messages: Sequence[ChatMessageContent]) -> tuple[str | None, str]:
    answers = [message for message in messages if message.role == AuthorRole.ASSISTANT and message.content.strip()]
    return answers[-1].name, answers[-1].content


async def test_a_film_question_takes_two_model_calls_in_an_orchestration() -> None:
    messages, model, tools = await turn("What is the rental rate for the film Alien?")
    assert last_answer(messages) == ("SearchAgent", "Alien (Horror, Sci-Fi) rents for $2.99.")
    assert tools.store.calls == [("find_mentions", {"text": "What is the rental rate for the film Alien?"})]
    assert len(model.completions) == 2


async def test_availability_takes_three_model_calls() -> None:
    messages, model, tools = await turn("Is Jaws in stock?")
    assert last_answer(messages) == (
        "SearchAgent",
        "Jaws (1975) is in stock: 2 of 3 copies are available (store 1: 1, store 2: 1).",
    )
    assert [function for function, _ in tools.store.calls] == ["find_mentions", "film_availability"]
    assert len(model.completions) == 3


async def test_several_films_take_two_model_calls() -> None:
    messages, model, tools = await turn("rental rates of Jaws, Rocky and Up")
    assert last_answer(messages)[1].count("rents for $2.99.") == 3
    assert len(tools.store.calls) == 1
    assert len(model.completions) == 2


async def test_a_film_the_store_lacks_is_handed_over_with_three_model_calls() -> None:
    messages, model, tools = await turn("How much is the film Zardoz?")
    agent, answer = last_answer(messages)
    assert agent == "LLMAgent"
    assert answer.startswith("The store has no film called “Zardoz”.")
    assert tools.store.calls == [("find_mentions", {"text": "How much is the film Zardoz?"})]
    assert len(model.completions) == 3


async def test_a_general_question_is_handed_over_without_a_look_up() -> None:
    messages, model, tools = await turn("Who won the FIFA World Cup in 2022?")
    agent, answer = last_answer(messages)
    assert agent == "LLMAgent"
    assert answer.startswith("I am the offline model")
    assert tools.store.calls == []
    assert len(model.completions) == 2
