"""Readiness of this process."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from app.core.database.engine import Database
from app.core.errors import AppError, InvalidPrompt, InvalidTeam
from app.core.settings import Settings
from app.schemas.health import Check, Readiness
from app.services.ai import AssistantLoader


class HealthService:
    """Checks everything that requests need."""

    def __init__(self, database: Database, settings: Settings, assistant: AssistantLoader) -> None:
        self._database = database
        self._settings = settings
        self._assistant = assistant

    async def readiness(self) -> Readiness:
        """Check database, schema, model provider, prompts and team; problems with them are not raised.

        Waits until the agents are loaded, which takes the first seconds of a process.
        """
        database, schema = await self.database_checks()
        problem = await self._assistant.problem()
        checks = {
            "database": database,
            "schema": schema,
            "model_provider": Check(ok=True, detail=self._settings.provider),
            "prompts": Check(ok=True, detail="loaded"),
            "team": Check(ok=True, detail="loaded"),
        }
        if problem is not None:
            checks[_check_of(problem)] = Check(ok=False, detail=problem.detail)
        return Readiness(ready=all(check.ok for check in checks.values()), checks=checks)

    async def database_checks(self) -> tuple[Check, Check]:
        """Check the database and its schema."""
        # Imported here because Alembic takes a quarter of a second, which start-up need not wait for.
        from app.core.database.migrations import current_revision, head_revision

        try:
            async with self._database.reading() as connection:
                await connection.execute(sa.select(1))
                revision = await current_revision(connection)
        except (SQLAlchemyError, OSError):
            return Check(ok=False, detail="unreachable"), Check(ok=False, detail="unknown")
        head = head_revision()
        if revision == head:
            return Check(ok=True, detail="answers"), Check(ok=True, detail=head)
        behind = f"at {revision or 'no revision'}, not at {head}: run 'python -m app migrate'"
        return Check(ok=True, detail="answers"), Check(ok=False, detail=behind)


def _check_of(problem: AppError) -> str:
    """Return the name of the check that a problem of the assistant belongs to."""
    if isinstance(problem, InvalidPrompt):
        return "prompts"
    return "team" if isinstance(problem, InvalidTeam) else "model_provider"
