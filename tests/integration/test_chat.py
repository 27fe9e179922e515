"""`python -m app chat` and `ask` with a server, as a person at a terminal and as a script."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import UpstreamFailed
from app.main import create_app
from tests.conftest import client_of, running, settings_for
from tests.fakes.scripted_chat import Step, call, calls, fail, hand_over, hang, say
from tests.fixtures.callers import CUSTOMER, OTHER_CUSTOMER, token_of
from tests.fixtures.command_line import run
from tests.fixtures.cut_proxy import cutting
from tests.fixtures.ports import free_port
from tests.fixtures.served import served
from tests.fixtures.talking import CONVERSATIONS, Talk, own_store, two_workers
from tests.fixtures.terminal import CTRL_C, CTRL_D, DIM, Terminal, on_terminal

pytestmark = pytest.mark.servers

TOKEN = token_of(CUSTOMER)
SEARCH = "film_search-search_films"
ANSWER = "Alien rents for $2.99."
TEAMWORK = {
    "SearchAgent": [calls(call(SEARCH, title="Alien"), text="I look it up."), hand_over("LLMAgent")],
    "LLMAgent": [say(ANSWER)],
}


@dataclass
class Desk:
    """A server with a scripted model, and commands that use it."""

    talk: Talk
    url: str
    folder: Path

    async def run(
        self, *arguments: str, given: str = "", token: str = TOKEN, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, beside the server in this event loop."""
        command, *options = arguments
        variables = {"INTERVIEW_API_TOKEN": token, **variables}
        where = ["--server", variables.pop("url", self.url)]
        ended = await asyncio.to_thread(run, command, *where, *options, cwd=self.folder, given=given, **variables)
        assert "Traceback" not in ended.stderr
        assert not token or token not in ended.stdout + ended.stderr
        return ended

    def terminal(self, *options: str, url: str = "", **variables: str) -> AbstractContextManager[Terminal]:
        """Start a chat on a terminal."""
        variables = {"INTERVIEW_API_TOKEN": TOKEN, **variables}
        return on_terminal("chat", "--server", url or self.url, *options, cwd=self.folder, **variables)

    async def turns(self, number: int | str) -> list[dict[str, Any]]:
        """The turns of a conversation, as the server has them."""
        return list((await self.talk.client.get(f"{CONVERSATIONS}/{number}/turns")).json())

    async def latest(self) -> list[dict[str, Any]]:
        """The turns of the latest conversation."""
        newest = (await self.talk.client.get(CONVERSATIONS, params={"sort": "-id", "limit": 1})).json()[0]
        return await self.turns(newest["id"])


@pytest.fixture(scope="module")
async def workers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Talk]:
    async with own_store(None, tmp_path_factory) as url, two_workers(url) as talk:
        yield talk


@pytest.fixture
async def desk(workers: Talk, tmp_path: Path) -> AsyncIterator[Desk]:
    async with served(workers.app, lifespan="off") as url:
        yield Desk(workers, url, tmp_path)


def rental_desk(*steps: Step) -> dict[str, list[Step]]:
    return {"SearchAgent": [hand_over("RentalAgent")], "RentalAgent": list(steps)}


async def new_film(talk: Talk) -> str:
    """The title of a film that only this test knows, with two discs."""
    async with client_of(talk.app) as admin:
        title = f"Only {datetime.now(timezone.utc).timestamp()}".replace(".", "x")
        film = {"title": title, "language_id": 1, "rental_rate": 2.99, "rental_duration": 3}
        created = (await admin.post("/api/v1/films", json=film)).json()
        item = {"film_id": created["id"], "store_id": 1, "copies": 2}
        assert (await admin.post("/api/v1/inventory", json=item)).status_code == 201
    return title


async def rented(talk: Talk, title: str) -> int:
    rentals = (await talk.client.get("/api/v1/rentals", params={"active_only": True, "limit": 1000})).json()
    return sum(rental["film_title"] == title for rental in rentals)


async def test_words_are_shown_as_they_come_and_ctrl_c_ends_only_the_answer(desk: Desk) -> None:
    with desk.terminal() as terminal:
        await terminal.until("as account3@example.org (customer)")
        desk.talk.script(hang("Alien rents for"))
        await terminal.line("How much?")
        await terminal.until("Alien rents for")
        (turn,) = await desk.latest()
        assert turn["status"] == "running"
        terminal.press(CTRL_C)
        await terminal.until("Cancelled.")
        desk.talk.script(say(ANSWER))
        await terminal.line("And now?")
        await terminal.until(f"{ANSWER}\r\n")
        await terminal.until("> ")
        terminal.press(CTRL_D)
        assert await terminal.ended() == 0
    cancelled, answered = await desk.latest()
    assert (cancelled["status"], answered["status"]) == ("cancelled", "completed")
    assert f"Continue with --conversation {answered['conversation_id']}." in terminal.shown


async def test_ctrl_c_at_the_prompt_ends(desk: Desk) -> None:
    with desk.terminal() as terminal:
        await terminal.until("Ctrl-D ends.")
        await terminal.until("> ")
        await terminal.interrupt("\n")
        assert await terminal.ended() == 130
    assert "Traceback" not in terminal.shown


@pytest.mark.parametrize(
    ("variables", "is_dim"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)], ids=str
)
async def test_tools_and_handoffs_are_shown_dimly(desk: Desk, variables: dict[str, str], is_dim: bool) -> None:
    with desk.terminal(**variables) as terminal:
        desk.talk.script(agents=TEAMWORK)
        await terminal.line("How much?")
        dim = DIM if is_dim else ""
        await terminal.until("I look it up.\r\n")
        await terminal.until(f'{dim}SearchAgent calls {SEARCH} {{"title": "Alien"}}')
        await terminal.until(f"{dim}SearchAgent hands over to LLMAgent")
        await terminal.until(f"{ANSWER}\r\n")
        await terminal.until("> ")
        terminal.press(CTRL_D)
        assert await terminal.ended() == 0
    assert (DIM in terminal.shown) == is_dim
    assert terminal.shown.count(ANSWER) == 1


async def test_time_passes_visibly_while_a_model_thinks(desk: Desk) -> None:
    with desk.terminal() as terminal:
        desk.talk.script(hang())
        await terminal.line("How much?")
        await terminal.until(" 0 s")
        terminal.press(CTRL_C)
        await terminal.until("\r\x1b[K")
        await terminal.until("Cancelled.")


@pytest.mark.parametrize(("typed", "outcome", "rentals"), [("y", "Done: Rent ", 1), ("", "Declined.", 0)])
async def test_an_action_needs_a_yes(desk: Desk, typed: str, outcome: str, rentals: int) -> None:
    title = await new_film(desk.talk)
    with desk.terminal() as terminal:
        desk.talk.script(agents=rental_desk(call("rental_proposals-propose_rent", title=title), say("Please confirm.")))
        await terminal.line("Rent it for me")
        due = (datetime.now(timezone.utc) + timedelta(days=3)).date()
        await terminal.until(f"Rent {title}, store 1, $2.99, due {due}. Confirm? [y/N] ")
        assert await rented(desk.talk, title) == 0
        terminal.press(f"{typed}\n")
        await terminal.until(outcome)
        await terminal.until("> ")
    assert await rented(desk.talk, title) == rentals


async def test_what_was_typed_before_an_action_was_shown_does_not_confirm_it(desk: Desk) -> None:
    title = await new_film(desk.talk)
    with desk.terminal() as terminal:
        desk.talk.script(agents=rental_desk(call("rental_proposals-propose_rent", title=title), say("Please confirm.")))
        await terminal.until("> ")
        terminal.press("Rent it for me\ny\n")
        await terminal.until("Confirm? [y/N] ")
        await terminal.interrupt("Not decided: Rent ")
    number = (await desk.latest())[0]["conversation_id"]
    with desk.terminal("--conversation", str(number)) as terminal:
        await terminal.until("Confirm? [y/N] ")
        terminal.press("yes\n")
        await terminal.until("Done: Rent ")
    assert await rented(desk.talk, title) == 1


async def test_each_line_of_a_pipe_is_a_question_of_one_conversation(desk: Desk) -> None:
    desk.talk.script(say("It is about a\n映画 Amélie 🎬"), say(ANSWER))
    ended = await desk.run("chat", given="What is Alien?\n\nAnd what does it cost?\n")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"It is about a\n映画 Amélie 🎬\n{ANSWER}\n"
    assert [turn["question"] for turn in await desk.latest()] == ["What is Alien?", "And what does it cost?"]
    assert "映画" in desk.talk.chat.calls[-1].transcript


async def test_a_pipe_ends_with_the_first_failure(desk: Desk) -> None:
    desk.talk.script(fail(UpstreamFailed("The model broke."), after="Alien "), say(ANSWER))
    ended = await desk.run("chat", given="What is Alien?\nAnd what does it cost?\n")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("Error: The model broke. (request id ")
    assert ended.stderr.count("\n") == 1


async def test_one_question_leaves_nothing_behind(desk: Desk) -> None:
    before = (await desk.talk.client.get(CONVERSATIONS)).json()
    desk.talk.script(agents=TEAMWORK)
    ended = await desk.run("ask", "-", given="How\nmuch?\n")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{ANSWER}\n", "")
    assert "How\nmuch?" in desk.talk.chat.calls[0].transcript
    assert (await desk.talk.client.get(CONVERSATIONS)).json() == before


async def test_json_is_the_turn_as_the_api_has_it(desk: Desk) -> None:
    path = await desk.talk.conversation()
    desk.talk.script(say("\x1b[31m\x9b2J映画"))
    number = path.rsplit("/", 1)[1]
    ended = await desk.run("ask", "How much?", "--conversation", number, "--json")
    assert ended.returncode == 0
    assert not {"\x1b", "\x9b"} & set(ended.stdout)
    assert [json.loads(ended.stdout)] == await desk.turns(number)


async def test_a_model_cannot_control_the_terminal(desk: Desk) -> None:
    desk.talk.script(say("\x1b]0;title\x07 \x1b[2J\x9b31m\x08\rAlien\u202e"))
    ended = await desk.run("ask", "How much?")
    assert ended.stdout == "]0;title [2J31mAlien\n"


async def test_a_script_is_told_that_an_action_waits(desk: Desk) -> None:
    title = await new_film(desk.talk)
    desk.talk.script(agents=rental_desk(call("rental_proposals-propose_rent", title=title), say("Please confirm.")))
    ended = await desk.run("chat", given="Rent it for me\n")
    assert (ended.returncode, ended.stdout) == (0, "Please confirm.\n")
    assert f"Not decided: Rent {title}" in ended.stderr
    assert await rented(desk.talk, title) == 0


async def test_a_stream_that_breaks_off_goes_on_where_it_was(desk: Desk) -> None:
    words = " ".join(str(number) for number in range(300))
    desk.talk.script(agents={"SearchAgent": [call(SEARCH, title="Alien"), say(words)]})
    cuts = [0, 400, 2500, 800]  # before all, then before, within and after the first words
    async with cutting(desk.url, b"/turns", cuts) as url:
        with desk.terminal(url=url) as terminal:
            await terminal.line("Count!")
            told = await terminal.until("299\r\n")
            await terminal.until("> ")
            terminal.press(CTRL_D)
            assert await terminal.ended() == 0
    (turn,) = await desk.latest()
    assert (turn["status"], turn["answer"]) == ("completed", words)
    assert told.count("connecting again") == len(cuts)
    assert told.count(f"SearchAgent calls {SEARCH}") == 1
    lines = [line for line in told.replace("\x1b[K", "").splitlines() if line and line.split()[0].isdigit()]
    assert " ".join(" ".join(lines).split()) == words


async def test_an_answer_that_is_not_stored_cannot_go_on(desk: Desk) -> None:
    desk.talk.script(hang("Alien rents for"))
    async with cutting(desk.url, b"/handoff", [700]) as url:
        ended = await desk.run("ask", "How much?", url=url)
    assert (ended.returncode, ended.stdout) == (75, "")
    assert ended.stderr == "Error: The connection broke off before the end of the answer: ask again.\n"


async def test_a_busy_conversation_is_freed_when_the_person_says_so(desk: Desk) -> None:
    path = await desk.talk.conversation()
    number = path.rsplit("/", 1)[1]
    with desk.terminal("--conversation", number) as terminal:
        await terminal.until("> ")
        other = await desk.talk.thinking(path)
        script = await desk.run("ask", "How much?", "--conversation", number)
        assert script.returncode == 75
        assert script.stderr.startswith("Error: A turn of this conversation is running")
        terminal.press("How much?\n")
        await terminal.until("Cancel it and ask this one? [y/N] ")
        desk.talk.script(say(ANSWER))
        terminal.press("y\n")
        await terminal.until(f"{ANSWER}\r\n")
    assert (await other).json()["status"] == "cancelled"


async def test_a_running_answer_is_shown_when_its_conversation_is_continued(desk: Desk) -> None:
    path = await desk.talk.conversation()
    desk.talk.script(hang("Alien rents for"))
    other = asyncio.create_task(desk.talk.client.post(f"{path}/turns", json={"question": "How much?"}))
    await desk.talk.chat.hanging.wait()
    with desk.terminal("--conversation", path.rsplit("/", 1)[1]) as terminal:
        await terminal.until("How much?")
        await terminal.until("Alien rents for")
        terminal.press(CTRL_C)
        await terminal.until("> ")
    assert (await other).json()["status"] == "cancelled"


@pytest.mark.parametrize(
    ("arguments", "token", "status", "says"),
    [
        (["ask", "Hi"], "dvd_unknown", 4, "The token or API key is invalid, expired or revoked. Set INTERVIEW_API_TO"),
        (["ask", "Hi", "--conversation", "1"], "", 4, "A conversation needs an account: set INTERVIEW_API_TOKEN."),
        (["ask", "Hi"], "two words", 1, "INTERVIEW_API_TOKEN has characters that are invalid in a key"),
        (["chat", "--conversation", "999999"], TOKEN, 1, "Conversation 999999 does not exist. (request id "),
        (["chat", "--conversation", "MINE"], token_of(OTHER_CUSTOMER), 1, " does not exist. (request id "),
        (["ask", "x" * 4001], TOKEN, 1, "question: must have at most 4000 characters"),
        (["ask", " "], TOKEN, 1, "question: "),
        (["ask", "Hi", "--as", "ada@example.org"], TOKEN, 2, "not allowed with argument --server"),
        (["ask", "Hi", "--server", "ftp://x"], TOKEN, 2, "must be a URL such as http://localhost:8000"),
    ],
)
async def test_a_mistake_is_a_one_line_error(
    desk: Desk, arguments: list[str], token: str, status: int, says: str
) -> None:
    number = (await desk.talk.conversation()).rsplit("/", 1)[1]
    ended = await desk.run(*(number if one == "MINE" else one for one in arguments), token=token)
    assert (ended.returncode, ended.stdout) == (status, "")
    assert says in ended.stderr
    assert status == 2 or ended.stderr.count("\n") == 1


async def test_too_many_questions_are_told_when_to_come_back(desk: Desk) -> None:
    app = create_app(settings_for(rate_limit_ai="1/hour"))
    async with running(app), served(app, lifespan="off") as url:
        await desk.run("ask", "Hi", token="", url=url)
        ended = await desk.run("ask", "Hi", token="", url=url)
    assert ended.returncode == 75
    assert " Try again in " in ended.stderr
    assert ended.stderr.count("\n") == 1


@asynccontextmanager
async def answering(head: str, body: str) -> AsyncIterator[str]:
    """A server that sends this to everybody."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("arguments", [("ask", "Hi"), ("chat",)], ids=str)
@pytest.mark.parametrize(
    ("head", "body", "says"),
    [
        (
            "200 OK\r\nContent-Type: text/html",
            "<html>Welcome</html>",
            " does not answer as this service does (status 200,",
        ),
        (
            "404 Not Found\r\nContent-Type: text/html",
            "<html></html>",
            " does not answer as this service does (status 404,",
        ),
        (
            "307 Temporary Redirect\r\nLocation: https://shop.example/",
            "",
            " redirects to https://shop.example/: use that",
        ),
        ("200 OK\r\nContent-Type: text/event-stream", 'data: "\\ud83d\n\n', " does not answer as this service does"),
        (
            "502 Bad Gateway\r\nContent-Type: application/json",
            '{"detail": "\\u001b[31mred\\nline"}',
            "Error: [31mred line",
        ),
    ],
    ids=str,
)
async def test_another_server_is_told(desk: Desk, arguments: tuple[str, ...], head: str, body: str, says: str) -> None:
    async with answering(head, body) as url:
        ended = await desk.run(*arguments, url=url, given="Hi\n")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert says in ended.stderr
    assert "\x1b" not in ended.stderr
    assert ended.stderr.count("\n") == 1


async def test_no_server_is_told(desk: Desk) -> None:
    ended = await desk.run("ask", "Hi", url=f"127.0.0.1:{free_port()}")
    assert (ended.returncode, ended.stdout) == (75, "")
    assert "cannot be reached" in ended.stderr
