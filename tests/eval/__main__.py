"""`make eval`: puts the questions to the configured provider on the sample store, and prints how many it gets right."""

from __future__ import annotations

import argparse
import asyncio
import sys

from app.core.database.engine import Database
from app.core.logging import configure_logging
from app.core.settings import Settings
from tests.eval.runner import answer_all, read_questions, table
from tests.fixtures.sample_stores import fill
from tests.fixtures.settings import IN_MEMORY


async def main() -> None:
    """Evaluate and print."""
    parser = argparse.ArgumentParser(prog="make eval", description=__doc__)
    parser.add_argument("files", nargs="*", default=["questions.yaml"], help="files in tests/eval")
    parser.add_argument("--wrong", action="store_true", help="print the wrong answers, too")
    options = parser.parse_args()
    settings = Settings().model_copy(update={"database_url": IN_MEMORY})
    configure_logging(settings.model_copy(update={"log_level": "ERROR"}))
    database = Database(settings)
    try:
        await fill(database)
        questions = [known for name in options.files for known in read_questions(name)]
        answers = await answer_all(questions, settings, database)
    finally:
        await database.dispose()
    for answer in answers:
        if answer.problems and options.wrong:
            sys.stdout.write(
                f"{answer.kind}: {answer.question}\n    {answer.answer}\n    {'; '.join(answer.problems)}" + "\n"
            )
    sys.stdout.write(table(answers) + "\n")


asyncio.run(main())
