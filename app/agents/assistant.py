"""The process's model-backed assistant: the chat service, the prompts and the team of agents."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

import structlog
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.connectors.ai.chat_completion_client_base import ChatCompletionClientBase
from semantic_kernel.contents import ChatMessageContent

from app.agents.chat_services.base import ToolCallingChat
from app.agents.chat_services.normalise import REFUSED
from app.agents.deadline import deadline
from app.agents.history import messages_of
from app.agents.info import describe_agents, describe_plugins, listing_all_tools
from app.agents.kernel import build_kernel
from app.agents.orchestration import run_turn
from app.agents.prompts import load_prompt_plugins, prompt_of
from app.agents.record import PastTurn, TurnRecord, TurnRequest
from app.agents.streaming import in_own_task
from app.agents.team_builder import Team
from app.agents.transcript import Limits, Transcript
from app.core.auth.identity import Caller
from app.core.database.engine import ReadConnectionFactory
from app.core.errors import AppError, NoAnswer, UpstreamFailed
from app.core.settings import Settings
from app.schemas.ai import AiInfo, FilmOpinion, HandoffResponse
from app.schemas.films import FilmRead

log = structlog.get_logger("app.agents")

_MOST_OBJECTS = 50
"""Maximum number of opening braces at which to try to parse an opinion."""


class Assistant:
    """The assistant that all turns share: agents keep no state, and tools open a connection for each call."""

    def __init__(
        self, settings: Settings, service: ChatCompletionClientBase, read_connection: ReadConnectionFactory
    ) -> None:
        self._settings = settings
        self._service = service
        self._kernel = build_kernel(service)
        self._limits = Limits(handoffs=settings.ai_max_handoffs, tool_calls=settings.ai_max_tool_calls)
        self._prompts = load_prompt_plugins()
        self._answer = prompt_of(self._prompts, "chat", "answer")
        self._summarize = prompt_of(self._prompts, "film_summary", "summarize")
        self._team = Team(settings, self._kernel, self._prompts, read_connection)

    async def close(self) -> None:
        """Close the connections to the model's provider."""
        if isinstance(self._service, ToolCallingChat):
            await self._service.close()

    async def hand_off(self, question: str, caller: Caller, record: TurnRecord | None = None) -> HandoffResponse:
        """Run a turn with the caller's team, or raise UpstreamFailed, UpstreamTimeout or RateLimited."""
        started = time.perf_counter()
        record = await self.run(TurnRequest(question, caller, record=record or TurnRecord()))
        return HandoffResponse(
            agent=record.agent,
            answer=record.answer,
            status=record.status,
            steps=record.steps,
            usage=record.usage,
            duration_ms=round(_since(started)),
        )

    async def run(self, request: TurnRequest) -> TurnRecord:
        """Run a turn, starting with the last turn's agent. Raises the errors of `hand_off`.

        Return the request's record. It is updated during the turn and stays valid after a failure.
        """
        started = time.perf_counter()
        log.debug("question_received", question=request.question)
        agents = _last_first(self._team.of(request.caller), request.history)
        request.record.agent = agents[0].name
        if request.record.log is not None:
            request.record.log.agent(agents[0].name)
        transcript = Transcript(request.record, self._limits)
        try:
            await run_turn(
                agents,
                self._team.handoffs_between(agents),
                self._task(request),
                transcript,
                seconds=self._settings.ai_timeout_seconds,
                diagnostics=self._settings.ai_diagnostics,
            )
        except AppError as error:
            log.warning("turn_failed", error=type(error).__name__, detail=error.detail, duration_ms=_since(started))
            raise
        _log_turn(transcript, _since(started))
        return request.record

    def _task(self, request: TurnRequest) -> str | list[ChatMessageContent]:
        if not request.history:
            return request.question
        return messages_of(request.history, request.question, tokens=self._settings.ai_history_tokens)

    def ask(self, question: str) -> AsyncGenerator[str, None]:
        """Stream an answer without tools. Raises the errors of `hand_off`, also after the first text."""
        log.debug("question_received", question=question)
        return in_own_task(self._ask(question))

    async def _ask(self, question: str) -> AsyncIterator[str]:
        started = time.perf_counter()
        history = await self._answer.render(self._kernel, question=question)
        silent = True
        async with deadline(self._settings.ai_timeout_seconds):
            async for messages in self._service.get_streaming_chat_message_contents(history, self._answer.settings):
                for text in filter(None, (message.content for message in messages)):
                    silent = False
                    yield text
        if silent:
            raise NoAnswer("The model's answer was empty.")
        log.info("prompt_completed", prompt="chat-answer", duration_ms=_since(started))

    async def summarise(self, film: FilmRead) -> FilmOpinion:
        """Return the model's opinion of a film, given its data. Raises the errors of `hand_off`."""
        started = time.perf_counter()
        history = await self._summarize.render(self._kernel, film=_facts(film))
        settings = self._summarize.settings.model_copy(update={"response_format": FilmOpinion})
        async with deadline(self._settings.ai_timeout_seconds):
            message = await self._service.get_chat_message_content(history, settings)
        opinion = _opinion_in(message)
        log.info("prompt_completed", prompt="film_summary-summarize", duration_ms=_since(started))
        return opinion

    def info(self) -> AiInfo:
        """Return the provider, agents and plugins."""
        with listing_all_tools():
            everyone = self._team.everyone()
        return AiInfo(
            provider=self._settings.provider,
            model=self._settings.model,
            timeout_seconds=self._settings.ai_timeout_seconds,
            agents=describe_agents(everyone, self._team.handoffs),
            plugins=describe_plugins(everyone, self._prompts),
        )


def _opinion_in(message: ChatMessageContent | None) -> FilmOpinion:
    """Return the answer's first JSON object that is an opinion. It may be fenced or follow other text."""
    text = message.content if message is not None else ""
    if message is not None and message.metadata.get(REFUSED):
        raise UpstreamFailed("The model refused to write a summary.")
    if not text.strip():
        raise NoAnswer("The model's answer was empty.")
    for start in [match.start() for match in re.finditer(r"\{", text)][:_MOST_OBJECTS]:
        try:
            found, _ = json.JSONDecoder().raw_decode(text, start)
            return FilmOpinion.model_validate(found)
        except (ValueError, RecursionError):
            continue
    raise UpstreamFailed("The model's summary does not have the required format.")


def _facts(film: FilmRead) -> str:
    return json.dumps(film.model_dump(mode="json", exclude={"id", "last_update"}), ensure_ascii=False)


def _last_first(agents: list[ChatCompletionAgent], history: Sequence[PastTurn]) -> list[ChatCompletionAgent]:
    """Move the last turn's agent to the front, if it is still in the caller's team."""
    last = history[-1].agent if history else None
    return sorted(agents, key=lambda agent: agent.name != last)


def _log_turn(transcript: Transcript, duration_ms: float) -> None:
    log.info(
        "turn_completed",
        agent=transcript.agent,
        path=transcript.path,
        tools=[step.name for step in transcript.steps if step.kind == "tool"],
        status=transcript.record.status,
        duration_ms=duration_ms,
        **transcript.usage.model_dump(),
    )


def _since(started: float) -> float:
    """Return the milliseconds since `started`."""
    return round((time.perf_counter() - started) * 1000, 1)
