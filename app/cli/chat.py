"""A terminal client of the agents: chat and ask."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import textwrap
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from app.cli.command import CommandFailed, Commands, integer_between
from app.core.settings import Settings
from app.core.settings_providers import base_url_problem, key_problem, secret_value
from app.schemas.base import MAX_ID

if TYPE_CHECKING:
    from app.cli.chatting.client import ChatClient

_TOKEN = "INTERVIEW_API_TOKEN"  # a setting's name  # noqa: S105  # nosec B105
_BROKEN_PIPE = 141
"""A shell's status for a command whose reader went away."""
_EPILOG = f"""\
Without --server, the agents run in this process, on DATABASE_URL. With it, {_TOKEN}
is an API key or access token for that service. It is an environment variable, because other users
of this computer can see arguments.

exit status: 0 answered; 1 failed; 2 wrong usage; 4 not allowed, or {_TOKEN} is
missing or invalid; 75 try again later (server or model away, too many requests, conversation
busy); 130 interrupted by Ctrl-C
"""


def add_commands(commands: Commands) -> None:
    """Add `chat` and `ask`."""
    chat = _add(
        commands,
        "chat",
        "talk to the agents in a terminal; from a pipe, each line is a question",
        "Ctrl-C cancels an answer; Ctrl-C or Ctrl-D at the prompt ends. From a pipe, the first failure ends it.",
    )
    chat.set_defaults(run=_chat)
    ask = _add(
        commands,
        "ask",
        "ask the agents one question and print the answer",
        "Nothing is stored, unless --conversation names a conversation that the question continues.",
    )
    ask.add_argument("question", help="the question; - reads it from stdin")
    ask.add_argument("--json", action="store_true", help="print the whole result as JSON, as the API returns it")
    ask.set_defaults(run=_ask)


def _add(commands: Commands, name: str, summary: str, description: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=textwrap.fill(f"{summary.capitalize()}. {description}", 100),
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--server", type=_url, metavar="URL", help="use the service at this URL")
    where.add_argument("--as", dest="email", metavar="EMAIL", help="act as this account (default: anonymously)")
    parser.add_argument(
        "--conversation", type=integer_between(1, MAX_ID), metavar="ID", help="continue this conversation"
    )
    return parser


def _url(text: str) -> str:
    url = text if "://" in text else f"http://{text}"
    if base_url_problem("URL", url):
        raise argparse.ArgumentTypeError("must be a URL such as http://localhost:8000")
    return url.rstrip("/").removesuffix("/api/v1")


def _chat(settings: Settings, options: argparse.Namespace) -> int:
    return _run(settings, options)


def _ask(settings: Settings, options: argparse.Namespace) -> int:
    return _run(settings, options, options.question)


def _run(settings: Settings, options: argparse.Namespace, question: str | None = None) -> int:
    if "log_level" not in settings.model_fields_set:
        logging.getLogger().setLevel(logging.CRITICAL)  # errors are shown as one line
    try:
        return asyncio.run(_talk(settings, options, question))
    except KeyboardInterrupt:
        from app.cli.chatting.client import INTERRUPTED

        return INTERRUPTED
    except BrokenPipeError:
        # Python writes what is left when it ends, and would fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE


async def _talk(settings: Settings, options: argparse.Namespace, question: str | None) -> int:
    # Other commands do not need these.
    from app.cli.chatting.keyboard import Keyboard
    from app.cli.chatting.screen import Screen
    from app.cli.chatting.session import Session

    screen, keyboard = Screen(), Keyboard()
    async with _client(settings, options) as client:
        if options.conversation is not None and client.is_anonymous:
            needed = f"set {_TOKEN}" if options.server else "name it with --as EMAIL"
            raise CommandFailed(f"A conversation needs an account: {needed}.", status=4)
        session = Session(client, screen, keyboard)
        if question is None:
            return await session.chat(options.conversation)
        text = keyboard.all() if question == "-" else question
        return await session.ask(text, options.conversation, as_json=options.json)


def _client(settings: Settings, options: argparse.Namespace) -> AbstractAsyncContextManager[ChatClient]:
    if options.server is None:
        from app.cli.chatting.in_process import in_process

        return in_process(settings, options.email)
    from app.cli.chatting.over_http import over_http

    if problem := key_problem(_TOKEN, settings.interview_api_token):
        raise CommandFailed(problem)
    return over_http(options.server, secret_value(settings.interview_api_token) or None)
