"""Private names of Semantic Kernel that app/agents uses, and why.

tests/unit/test_private_names.py fails when an upgrade removes one, and when code uses one that is not listed here.
"""

from __future__ import annotations

RUNTIME = {
    "_message_queue": "wait until every message of a turn is handled",
    "_background_tasks": "cancel what still runs when a turn ends early",
    "_background_exception": "raise an agent's failure, which Semantic Kernel only logs",
    "_run_context": "stop only a runtime that runs",
    "_tracer_helper": "replaced, to write no span for each message between agents",
    "_try_serialize": "replaced, to keep questions out of the runtime's log",
}
"""InProcessRuntime: app/agents/runtime.py."""

CHAT_SERVICE = {
    "_inner_get_chat_message_contents": "overridden: what every chat service implements, in spite of its name",
    "_inner_get_streaming_chat_message_contents": "likewise, for streams",
    "_update_function_choice_settings_callback": "overridden: how tools are put into a request",
    "_reset_function_choice_settings": "overridden: how they are taken out of it again",
}
"""ChatCompletionClientBase: app/agents/chat_services and app/agents/offline."""
