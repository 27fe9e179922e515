"""Requests and responses of film files. The file's own format is in app/services/film_csv.py."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.films import FilmRead


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


class FilmExported(FilmRead):
    """A film with everything that its CSV row has: languages by name."""

    original_language: str | None
