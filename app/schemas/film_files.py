"""Requests and responses of film files. The file's own format is in app/services/film_csv.py."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from app.models.films import FilmFields
from app.schemas.base import Identified, TextList
from app.schemas.derived import read_model


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


@read_model
class FilmExported(FilmFields, Identified):
    """A film with all columns of its CSV row: languages, categories and actors by name."""

    language: str
    original_language: str | None
    categories: TextList
    actors: TextList
