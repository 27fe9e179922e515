"""/api/v1/films as CSV files"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError
from starlette.datastructures import UploadFile as Part

from app.api.access import PUBLIC, staff
from app.api.deps import FilmFileServiceDep
from app.api.head import is_head
from app.api.problems import responses
from app.core.errors import InvalidInput
from app.core.identity import Scope
from app.schemas.film_files import FilmExportQuery, FilmImportQuery, FilmImportRead
from app.services.film_csv import FilmFile

router = APIRouter(prefix="/api/v1/films", tags=["films"])

_CSV = "text/csv"
_SENT_AS = {_CSV, "application/csv", "text/plain", "application/vnd.ms-excel", "application/octet-stream"}
"""What browsers and tools call a CSV file."""


def _csv(part: object) -> object:
    """The part of a form, if it is a file and what it may say of its type fits."""
    if not isinstance(part, Part):
        raise PydanticCustomError("rule", "must be a file part with a filename")
    if (part.content_type or _CSV).partition(";")[0].strip().lower() not in _SENT_AS:
        raise PydanticCustomError("rule", "must be a CSV file of type text/csv")
    return part


class FilmUpload(BaseModel):
    """The parts of the form."""

    model_config = ConfigDict(extra="forbid")

    file: Annotated[UploadFile, BeforeValidator(_csv)] = Field(description="Films as CSV, in UTF-8.")
    dry_run: bool = Field(False, description="As in the query string.")


@router.post(
    "/import",
    operation_id="import_films",
    dependencies=[staff(Scope.CATALOGUE_WRITE)],
    responses=responses(413, 422, 503),
)
async def import_films(
    request: Request,
    films: FilmFileServiceDep,
    query: Annotated[FilmImportQuery, Query()],
    form: Annotated[FilmUpload, Form(media_type="multipart/form-data")],
) -> FilmImportRead:
    """Add the films of a CSV file of at most 10 MiB: all of them, or none and what is wrong in which row and column.

    The header names the columns, of which `title` and `language` must be there: `title`, `description`,
    `release_year`, `language`, `original_language`, `rental_duration`, `rental_rate`, `length`, `replacement_cost`,
    `rating`, `special_features`, `streaming_available`, `categories`, `actors`. An empty cell is as if it was left
    out of a POST; a `rating` of `none` is no rating. Languages, categories and actors ("First Last") are named, in any
    case, and must be there. Lists are separated by `|`; a backslash before `|` or a backslash makes it part of an item.
    An apostrophe before a `=`, `+`, `-` or `@` that begins a text is taken off, as spreadsheets do. The file is UTF-8,
    with a byte order mark or without; semicolons or tabs may separate cells, and columns and rows at the end may be
    empty.
    """
    parts = [name for name, _ in (await request.form()).multi_items()]
    if len(set(parts)) < len(parts):
        raise InvalidInput("Send each part of the form only once.", "file")
    file = FilmFile(form.file.file, check_encoding=query.check_encoding)
    return await films.load(file, dry_run=query.dry_run or form.dry_run)


@router.get(
    "/export",
    operation_id="export_films",
    dependencies=[PUBLIC],
    response_class=StreamingResponse,
    responses={
        200: {"description": "The file, as it is read", "content": {_CSV: {"schema": {"type": "string"}}}},
        **responses(422, 503),
    },
)
async def export_films(
    request: Request, films: FilmFileServiceDep, query: Annotated[FilmExportQuery, Query()]
) -> StreamingResponse:
    """All films as a CSV file (RFC 4180, UTF-8) that import takes, here or in another store.

    A text that a spreadsheet would run as a formula has an apostrophe before it, which import takes off again.
    For Excel, ask for a byte order mark: `?bom=true`.
    """
    pieces = await films.export(bom=query.bom)
    return StreamingResponse(
        () if is_head(request.scope) else pieces,
        media_type=f"{_CSV}; charset=utf-8; header=present",
        headers={"Content-Disposition": 'attachment; filename="films.csv"'},
    )
