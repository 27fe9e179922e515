"""Films as CSV: what is asked and answered around the file. Its own form is app/services/film_csv.py's."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class FilmImportQuery(BaseModel):
    """How to import."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = Field(False, description="Check every row and add nothing.")
    check_encoding: bool = Field(
        True, description="Refuse texts that look as if they had been read in a wrong encoding, such as `AmÃ©lie`."
    )


class FilmExportQuery(BaseModel):
    """How to export."""

    model_config = ConfigDict(extra="forbid")

    bom: bool = Field(
        False, description="Begin with a byte order mark, without which Excel does not know that the file is UTF-8."
    )


class FilmImportRead(BaseModel):
    """How many films the file has; they were added unless it was a dry run."""

    films: int
    dry_run: bool
