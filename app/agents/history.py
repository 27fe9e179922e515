"""Convert earlier turns to messages for the model, within a budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from semantic_kernel.contents import AuthorRole, ChatMessageContent, FunctionCallContent, FunctionResultContent

from app.agents.record import PastTurn, ToolCall

CHARACTERS_PER_TOKEN = 4


def messages_of(history: Sequence[PastTurn], question: str, *, tokens: int) -> list[ChatMessageContent]:
    """Return the messages of the latest turns that fit, complete and in order, and then the question.

    Only the last turn's tool calls and results are included, if they fit. Each call creates new messages because
    Semantic Kernel modifies them.
    """
    left = tokens * CHARACTERS_PER_TOKEN - len(question)
    turns: list[list[ChatMessageContent]] = []
    for past in reversed(history):
        left -= _size(past)
        if left < 0:
            break
        calls = [call for call in past.calls if call.result is not None] if not turns else []
        if (cost := sum(map(_size_of_call, calls))) > left:
            calls, cost = [], 0
        left -= cost
        turns.append(list(_messages(past, calls)))
    return [*(message for turn in reversed(turns) for message in turn), _message(AuthorRole.USER, question)]


def _messages(past: PastTurn, calls: Sequence[ToolCall]) -> Iterator[ChatMessageContent]:
    """Yield a turn's messages: roles alternate, and each tool result has its own message."""
    yield _message(AuthorRole.USER, past.question)
    items = [
        FunctionCallContent(id=f"call_{number}", name=call.name, arguments=call.arguments)
        for number, call in enumerate(calls, 1)
    ]
    if items:
        yield ChatMessageContent(role=AuthorRole.ASSISTANT, items=items)  # type: ignore[arg-type]
    for item, call in zip(items, calls, strict=True):
        result = FunctionResultContent.from_function_call_content_and_result(item, call.result)
        yield result.to_chat_message_content()
    yield _message(AuthorRole.ASSISTANT, _told(past))


def _message(role: AuthorRole, text: str) -> ChatMessageContent:
    return ChatMessageContent(role=role, content=text)


def _told(past: PastTurn) -> str:
    """Return the answer and the outcomes of its proposals. Callers cannot send messages in this role."""
    return "\n".join([past.answer, *past.facts])


def _size(past: PastTurn) -> int:
    return len(past.question) + len(_told(past))


def _size_of_call(call: ToolCall) -> int:
    return len(call.name) + len(str(call.arguments)) + len(call.result or "")
