"""`python -m app chat` and `ask` without a server: on the store's own database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import sample_file
from tests.fakes.openai_server import Behaviour, FakeOpenAI, Mode, Reply, ToolCall, fake_openai
from tests.fixtures.callers import CUSTOMER, OTHER_CUSTOMER, email_of
from tests.fixtures.command_line import run
from tests.fixtures.terminal import CTRL_C, CTRL_D, on_terminal

pytestmark = pytest.mark.servers

QUESTION = "What is the rental rate for the film Alien?"
OFFLINE = {"AI_PROVIDER": "offline"}


@pytest.fixture(scope="module")
async def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return await sample_file(tmp_path_factory)


@pytest.fixture
def provider() -> Iterator[FakeOpenAI]:
    with fake_openai() as server:
        yield server


def test_a_question_is_answered_from_the_store(url: str, tmp_path: Path) -> None:
    answered = run("ask", QUESTION, cwd=tmp_path, DATABASE_URL=url, **OFFLINE)
    assert (answered.returncode, answered.stderr) == (0, "")
    assert "$2.99" in answered.stdout
    assert answered.stdout.count("\n") == 1


def test_a_conversation_is_continued_by_its_account_alone(url: str, tmp_path: Path) -> None:
    variables = {"DATABASE_URL": url, **OFFLINE}
    mine = ["--as", email_of(CUSTOMER)]
    chat = run("chat", *mine, cwd=tmp_path, given="How long is Alien?\nAnd what does it cost?\n", **variables)
    assert chat.returncode == 0, chat.stderr
    long, cost = chat.stdout.splitlines()
    assert "117 minutes" in long
    assert "$2.99" in cost
    again = run("ask", "Who is in it?", "--conversation", "1", "--json", *mine, cwd=tmp_path, **variables)
    turn = json.loads(again.stdout)
    assert (turn["conversation_id"], turn["id"]) == (1, 3)
    assert "Sigourney Weaver" in turn["answer"]
    stranger = run("ask", "Who?", "--conversation", "1", "--as", email_of(OTHER_CUSTOMER), cwd=tmp_path, **variables)
    assert (stranger.returncode, stranger.stderr) == (1, "Error: Conversation 1 does not exist.\n")


@pytest.mark.parametrize(
    ("arguments", "variables", "status", "says"),
    [
        (["--as", "nobody@example.org"], {}, 1, "Account nobody@example.org does not exist."),
        (["--conversation", "1"], {}, 4, "A conversation needs an account: name it with --as EMAIL."),
        ([], {"AI_PROVIDER": "openai"}, 1, "The AI provider 'openai' is not configured: set OPENAI_API_KEY."),
        ([], {"DATABASE_URL": "postgresql://nobody:secret@127.0.0.1:1/none"}, 1, "The database is unreachable: check"),
        ([], {"DATABASE_URL": "sqlite:///empty.db"}, 1, "run 'python -m app migrate'"),
    ],
    ids=str,
)
def test_a_mistake_is_a_one_line_error(
    url: str, tmp_path: Path, arguments: list[str], variables: dict[str, str], status: int, says: str
) -> None:
    ended = run("ask", "Hi", *arguments, cwd=tmp_path, **{"DATABASE_URL": url, **OFFLINE, **variables})
    assert (ended.returncode, ended.stdout) == (status, "")
    assert says in ended.stderr
    assert ended.stderr.count("\n") == 1


async def test_a_failure_and_ctrl_c_end_an_answer_and_not_the_chat(
    url: str, tmp_path: Path, provider: FakeOpenAI
) -> None:
    variables = {"DATABASE_URL": url, "OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": provider.base_url}
    numbers = Reply("One two three four five six seven eight nine ten.")
    provider.script([Mode.DROPPED, Behaviour(reply=numbers, chunk_delay=0.1), Behaviour(reply=numbers, latency=60)])
    with on_terminal("chat", "--as", email_of(CUSTOMER), cwd=tmp_path, **variables) as terminal:
        await terminal.line("While the agents load")
        await terminal.until(" 0 s")
        terminal.press(CTRL_C)
        await terminal.until("Not waiting any longer.")
        await terminal.line("Break!")
        await terminal.until("Error: ")
        await terminal.line("Count!")
        await terminal.until("One two three four five six seven eight nine ten.\r\n")
        await terminal.line("Hang!")
        await provider.wait_for_calls(3, timeout=30)
        terminal.press(CTRL_C)
        await terminal.until("Cancelled.")
        await provider.wait_for_disconnect(timeout=30)
        await terminal.until("> ")
        terminal.press(CTRL_D)
        assert await terminal.ended() == 0
    assert "Traceback" not in terminal.shown
    assert '"event"' not in terminal.shown


async def test_an_action_is_confirmed_at_the_terminal(url: str, tmp_path: Path, provider: FakeOpenAI) -> None:
    rent = Reply(calls=(ToolCall("rental_proposals-propose_rent", json.dumps({"title": "Alien"})),))
    desk = Reply(calls=(ToolCall("Handoff-transfer_to_RentalAgent", "{}"),))
    provider.script([desk, rent, Reply("Please confirm.")])
    variables = {"DATABASE_URL": url, "OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": provider.base_url}
    with on_terminal("chat", "--as", email_of(CUSTOMER), cwd=tmp_path, **variables) as terminal:
        await terminal.line("Rent Alien for me")
        await terminal.until("Confirm? [y/N] ")
        terminal.press("y\n")
        await terminal.until("Done: Rent Alien, store ")
        await terminal.until("> ")
        terminal.press(CTRL_D)
        assert await terminal.ended() == 0


async def test_ctrl_c_ends_a_question_and_its_request(url: str, tmp_path: Path, provider: FakeOpenAI) -> None:
    provider.latency = 60
    variables = {"DATABASE_URL": url, "OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": provider.base_url}
    with on_terminal("ask", "Hi", cwd=tmp_path, **variables) as terminal:
        await provider.wait_for_calls(1, timeout=60)
        terminal.press(CTRL_C)
        assert await terminal.ended() == 130
    await provider.wait_for_disconnect()
    assert "Traceback" not in terminal.shown
