"""Requests and responses of the agents."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints
from pydantic_core import PydanticCustomError

from app.models.types import Rating
from app.schemas.base import FILLED, Id

MAX_QUESTION = 4000
MAX_SUMMARY = 4000
"""Characters."""


def _trimmed(text: str) -> str:
    """Trim the text and check its length. OpenAPI's `maxLength` would also count the blanks around it."""
    question = text.strip()
    if len(question) > MAX_QUESTION:
        raise PydanticCustomError("string_too_long", f"must have at most {MAX_QUESTION} characters")
    return question


Question = Annotated[
    str,
    StringConstraints(min_length=1),
    FILLED,
    AfterValidator(_trimmed),
    Field(description=f"1 to {MAX_QUESTION} characters after trimming white space."),
]


AnswerStatus = Literal["completed", "input_required", "confirmation_required"]


class HandoffRequest(BaseModel):
    """A question for the team of agents."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"question": "What is the rental rate for the film Alien?"}]}
    )

    question: Question
    conversation_id: Id | None = Field(None, description="Ask within this conversation of yours; see `/conversations`.")


class Step(BaseModel):
    """A tool call or a handoff on the way to the answer."""

    agent: str
    kind: Literal["tool", "handoff"]
    name: str = Field(description="The function called, or the agent that took over.")
    arguments: dict[str, JsonValue] = Field({}, description="Arguments of the function; empty for a handoff.")


class Usage(BaseModel):
    """Model usage of the turn. Tokens are 0 if the provider does not report them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    model_calls: int = 0


class HandoffResponse(BaseModel):
    """The answer, the agent that gave it, and the steps before it."""

    agent: str
    answer: str
    status: AnswerStatus = Field(
        description="`input_required`: `answer` is a question to the user. `confirmation_required`: actions wait for "
        "the user's decision, see `/confirmations`."
    )
    steps: list[Step]
    usage: Usage
    duration_ms: int


class SummaryRequest(BaseModel):
    """The film to summarise."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"film_id": 1}]})

    film_id: Id


class FilmOpinion(BaseModel):
    """The model's part of a summary; the rest comes from the store."""

    recommended: bool
    summary: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_SUMMARY)]


class SummaryResponse(BaseModel):
    """A film's summary. Title and rating come from the store, the rest from the model."""

    title: str
    rating: Rating | None
    recommended: bool
    summary: str


class AgentInfo(BaseModel):
    """An agent, its tools and the agents it can hand over to."""

    name: str
    description: str
    tools: list[str]
    hands_over_to: dict[str, str] = Field(description="Agent name: when to hand over to it.")


class PluginInfo(BaseModel):
    """A plugin and its functions."""

    name: str
    kind: Literal["native", "prompt"]
    functions: dict[str, str] = Field(description="Function name: what it does.")


class AiInfo(BaseModel):
    """How this deployment answers questions."""

    provider: Literal["openai", "azure", "offline"]
    model: str
    timeout_seconds: float
    agents: list[AgentInfo]
    plugins: list[PluginInfo]
