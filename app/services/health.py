"""Readiness of this process."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from app.core.database.engine import Database
from app.core.errors import InvalidPrompt
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
        """Check database, schema, model provider and prompts; problems with them are not raised.

        Waits until the agents are loaded, which takes the first seconds of a process.
        """
        database, schema = await self.database_checks()
        problem = await self._assistant.problem()
        wrong_prompt = isinstance(problem, InvalidPrompt)
        provider = self._settings.provider if problem is None or wrong_prompt else problem.detail
        checks = {
            "database": database,
            "schema": schema,
            "model_provider": Check(ok=problem is None or wrong_prompt, detail=provider),
            "prompts": Check(ok=not wrong_prompt, detail=problem.detail if problem and wrong_prompt else "loaded"),
        }
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
