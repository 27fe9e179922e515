"""Films as CSV: what is asked and answered around the file. Its own form is app/services/film_csv.py's."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class FilmImportQuery(BaseModel):
    """How to import."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = Field(False, description="Check every row and add nothing.")


class FilmImportRead(BaseModel):
    """How many films the file has; they were added unless it was a dry run."""

    films: int
    dry_run: bool
