"""Films as CSV: what is asked and answered around the file. Its own form is app/services/film_csv.py's."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class FilmImportQuery(BaseModel):
    """Options of the import."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = Field(False, description="Check every row, but add no films.")
    check_encoding: bool = Field(
        True, description="Refuse text that was probably decoded with the wrong encoding, such as `AmÃ©lie`."
    )


class FilmExportQuery(BaseModel):
    """Options of the export."""

    model_config = ConfigDict(extra="forbid")

    bom: bool = Field(False, description="Start with a byte order mark, which Excel needs to recognise UTF-8.")


class FilmImportRead(BaseModel):
    """The number of films in the file; they are added unless `dry_run` is true."""

    films: int
    dry_run: bool
