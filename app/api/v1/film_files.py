"""/api/v1/films as CSV files"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError
from starlette.datastructures import UploadFile as Part

from app.api.authorization import PUBLIC, GuardedRoute, staff
from app.api.deps import FilmFileServiceDep
from app.api.head import is_head
from app.api.problems import responses
from app.core.auth.identity import Scope
from app.core.errors import InvalidInput
from app.schemas.film_files import FilmExportQuery, FilmImportQuery, FilmImportRead
from app.services.film_columns import HEADER
from app.services.film_csv import FilmFile

router = APIRouter(prefix="/api/v1/films", tags=["films"], route_class=GuardedRoute)

_CSV = "text/csv"
_SENT_AS = {_CSV, "application/csv", "text/plain", "application/vnd.ms-excel", "application/octet-stream"}
"""Media types that browsers and tools send for CSV files."""


_NAMES = [f"`{name}`" for name in HEADER.names]
_IMPORT = f"""Add all films of a CSV file of at most 10 MiB, or none: errors name the row and the column.

The header names the columns: {", ".join(_NAMES)}.
Only `title` and `language` are required. An empty cell is an unset field; the `rating` `none` is null. Languages,
categories and actors ("First Last") are given by name, ignoring case, and must exist. List items are separated by `|`;
write `\\|` for a `|` and `\\\\` for a backslash in an item. An apostrophe before a leading `=`, `+`, `-` or `@` is
removed, as spreadsheets do. The file is UTF-8, with or without a byte order mark. Cells are separated by commas,
semicolons or tabs; trailing columns and rows may be empty.
"""


def _csv(part: object) -> object:
    """Return the form's part, or raise PydanticCustomError if it is not a file or has another media type."""
    if not isinstance(part, Part):
        raise PydanticCustomError("rule", "must be a file part with a filename")
    if (part.content_type or _CSV).partition(";")[0].strip().lower() not in _SENT_AS:
        raise PydanticCustomError("rule", "must be a CSV file of type text/csv")
    return part


class FilmUpload(BaseModel):
    """A form with a CSV file."""

    model_config = ConfigDict(extra="forbid")

    file: Annotated[UploadFile, BeforeValidator(_csv)] = Field(description="Films as CSV in UTF-8.")
    dry_run: bool = Field(False, description="Same as the query parameter.")


@router.post(
    "/import",
    operation_id="import_films",
    dependencies=[staff(Scope.CATALOGUE_WRITE)],
    description=_IMPORT,
    responses=responses(413, 422, 503),
)
async def import_films(
    request: Request,
    films: FilmFileServiceDep,
    query: Annotated[FilmImportQuery, Query()],
    form: Annotated[FilmUpload, Form(media_type="multipart/form-data")],
) -> FilmImportRead:
    """Add all films of a CSV file, or none."""
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
        200: {"description": "The CSV file", "content": {_CSV: {"schema": {"type": "string"}}}},
        **responses(422, 503),
    },
)
async def export_films(
    request: Request, films: FilmFileServiceDep, query: Annotated[FilmExportQuery, Query()]
) -> StreamingResponse:
    """Export all films as a CSV file (RFC 4180, UTF-8) that can be imported, here or in another store.

    Text that a spreadsheet would run as a formula gets a leading apostrophe, which the import removes.
    For Excel, add a byte order mark: `?bom=true`.
    """
    pieces = await films.export(bom=query.bom)
    return StreamingResponse(
        () if is_head(request.scope) else pieces,
        media_type=f"{_CSV}; charset=utf-8; header=present",
        headers={"Content-Disposition": 'attachment; filename="films.csv"'},
    )
