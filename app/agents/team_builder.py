"""Build the agents that app/agents/team.py lists, and the handoffs between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from semantic_kernel import Kernel
from semantic_kernel.agents import Agent, ChatCompletionAgent, OrchestrationHandoffs
from semantic_kernel.connectors.ai.function_choice_behavior import FunctionChoiceBehavior
from semantic_kernel.functions import KernelArguments, KernelPlugin

from app.agents.caller_tools import CallerTools
from app.agents.chat_services.settings import Refusal
from app.agents.prompts import function_of, prompt_text, settings_of
from app.agents.team import AGENTS, AgentSpec
from app.core.auth.identity import ANONYMOUS, Caller, Role
from app.core.database.engine import ReadConnectionFactory
from app.core.errors import InvalidTeam
from app.core.settings import Settings

_MAX_REFUSALS = 32
"""Maximum cached sets of refusals."""
_SAMPLE_CALLERS = (
    Caller(role=Role.CUSTOMER, customer_id=0),
    Caller(role=Role.STAFF),
    Caller(role=Role.ADMIN),
    ANONYMOUS,
)
"""A caller of each kind, used only to list all tools."""


class Team:
    """The agents of the process, built once and shared by turns. Only tools of a caller are bound in each turn."""

    def __init__(
        self,
        settings: Settings,
        kernel: Kernel,
        prompts: Mapping[str, KernelPlugin],
        read_connection: ReadConnectionFactory,
        specs: Sequence[AgentSpec] = AGENTS,
    ) -> None:
        check_specs(specs)
        self._specs = specs
        self._kernel = kernel
        self._read_connection = read_connection
        self._max_tool_calls = settings.ai_max_tool_calls
        self._prompts = {spec.name: function_of(prompts, *spec.prompt.split("/", 1)) for spec in specs}
        self._tools = {
            spec.name: [KernelPlugin.from_object(name, make(read_connection)) for name, make in spec.tools.items()]
            for spec in specs
        }
        self._shared = lru_cache(maxsize=_MAX_REFUSALS)(self._build_shared)
        self._caller_tools = CallerTools()
        self.handoffs = {spec.name: _handoffs_of(spec, specs) for spec in specs}

    def of(self, caller: Caller) -> list[ChatCompletionAgent]:
        """Return the agents for a caller's turn, the starting agent first."""
        refusals = tuple(
            Refusal(spec.name, spec.receives, answer)
            for spec in self._specs
            if (answer := spec.refusal(caller)) is not None
        )
        shared = self._shared(refusals)
        return [self._with_tools_of(caller, spec, shared[spec.name]) for spec in self._specs if spec.name in shared]

    def everyone(self) -> list[ChatCompletionAgent]:
        """Return the agents of all sample callers. An agent can occur several times, with different tools."""
        return [agent for caller in _SAMPLE_CALLERS for agent in self.of(caller)]

    def handoffs_between(self, agents: Sequence[Agent]) -> OrchestrationHandoffs:
        """Return the handoffs between these agents, in Semantic Kernel's type."""
        names = [agent.name for agent in agents]
        handoffs = OrchestrationHandoffs()
        for source in names:
            handoffs.add_many(source, {name: why for name, why in self.handoffs[source].items() if name in names})
        return handoffs

    def _build_shared(self, refusals: tuple[Refusal, ...]) -> dict[str, ChatCompletionAgent]:
        refused = {refusal.agent for refusal in refusals}
        return {spec.name: self._build(spec, refusals) for spec in self._specs if spec.name not in refused}

    def _build(self, spec: AgentSpec, refusals: tuple[Refusal, ...]) -> ChatCompletionAgent:
        """Build an agent. All tools are registered first: an agent does not see plugins that are added later.

        Semantic Kernel's limit of tool calls ends a turn without an error, so it is one above AI_MAX_TOOL_CALLS, whose
        check raises one.
        """
        kernel = self._kernel.clone()
        for shared in self._tools[spec.name]:
            kernel.add_plugin(shared)
        prompt = self._prompts[spec.name]
        settings = settings_of(prompt).model_copy(update={"refusals": refusals})
        return ChatCompletionAgent(
            name=spec.name,
            description=prompt.description,
            instructions="\n\n".join([prompt_text(prompt), *map(_note, refusals)]),
            kernel=kernel,
            arguments=KernelArguments(settings=settings),
            function_choice_behavior=FunctionChoiceBehavior.Auto(maximum_auto_invoke_attempts=self._max_tool_calls + 1),
        )

    def _with_tools_of(self, caller: Caller, spec: AgentSpec, agent: ChatCompletionAgent) -> ChatCompletionAgent:
        """Return the agent itself, or a copy whose kernel has the caller's tools as well."""
        if not spec.caller_tools:
            return agent
        kernel = agent.kernel.clone()
        for name, make in spec.caller_tools.items():
            if (tools := make(caller, self._read_connection)) is not None:
                kernel.add_plugin(self._caller_tools.plugin(name, tools))
        return agent.model_copy(update={"kernel": kernel})


def _note(refusal: Refusal) -> str:
    """Return the instruction to answer with the refusal in place of a handoff."""
    return f"When this is so: {refusal.receives} Then do not look it up and do not transfer; answer: {refusal.answer}"


def _handoffs_of(source: AgentSpec, specs: Sequence[AgentSpec]) -> dict[str, str]:
    """Return the handoff targets of an agent with their reasons, its own `handoffs` first."""
    others = {spec.name: spec.receives for spec in specs if spec is not source and spec.name not in source.handoffs}
    return {**source.handoffs, **others}


def check_specs(specs: Sequence[AgentSpec]) -> None:
    """Raise InvalidTeam if the team in app/agents/team.py is inconsistent."""
    names = [spec.name for spec in specs]
    if double := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidTeam(f"Two agents are called {double[0]}: give each agent its own name.")
    for spec in specs:
        if unknown := sorted(set(spec.handoffs) - set(names)):
            raise InvalidTeam(
                f"{spec.name} hands over to {unknown[0]}: use the name of an agent in app/agents/team.py."
            )
        if both := sorted(set(spec.tools) & set(spec.caller_tools)):
            raise InvalidTeam(f"{spec.name} has {both[0]} in tools and in caller_tools: keep one of them.")
    if specs[0].refusal(ANONYMOUS) is not None:
        raise InvalidTeam(f"{specs[0].name} is the first agent and must be available to every caller.")
