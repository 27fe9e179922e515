"""Read and update models derived from the fields that a noun declares once, such as FilmFields.

Both decorators return a subclass, so that type checkers see the fields as declared.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from inspect import get_annotations
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, Field, create_model
from pydantic.fields import FieldInfo

from app.schemas.base import Money, TextList, UtcTime

T = TypeVar("T", bound=BaseModel)

_READ_TYPES: dict[Any, Any] = {
    Decimal: Money,
    datetime: UtcTime,
    list[str]: TextList,
    list[str] | None: TextList,
}
"""Types that responses serialise differently."""


def read_model(model: type[T]) -> type[T]:
    """Decorate the model of a row: inherited fields are required, and lose the bounds of requests.

    Rows are not checked against these bounds: all stored values must be readable, and checks take time.
    """
    own = get_annotations(model)
    return _derive(model, {name: field for name, field in model.model_fields.items() if name not in own}, _read_field)


def update_model(model: type[T]) -> type[T]:
    """Decorate the model of a PATCH body: every field may be unset, and `set_fields` has the others."""
    return _derive(model, model.model_fields, _optional_field)


def _derive(model: type[T], fields: dict[str, FieldInfo], change: Callable[[FieldInfo], tuple[Any, Any]]) -> type[T]:
    changed: dict[str, Any] = {name: change(field) for name, field in fields.items()}
    return create_model(model.__name__, __base__=model, __module__=model.__module__, __doc__=model.__doc__, **changed)


def _read_field(field: FieldInfo) -> tuple[Any, Any]:
    plain = without_bounds(field.annotation)
    return _READ_TYPES.get(plain, plain), ...


def _optional_field(field: FieldInfo) -> tuple[Any, Any]:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    return field.rebuild_annotation(), Field(
        default_factory=lambda: None,
        description=field.description,
        examples=field.examples,
        json_schema_extra={key: value for key, value in extra.items() if key != "default"} or None,
        repr=field.repr,
    )


def without_bounds(annotation: Any) -> Any:  # noqa: ANN401  a type
    """Return the type without the metadata of any Annotated in it."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return without_bounds(parts[0])
    if origin in (Union, types.UnionType):
        return Union[tuple(without_bounds(part) for part in parts)]  # noqa: UP007  of a number known only here
    if origin is list:
        return list[without_bounds(parts[0])]  # type: ignore[misc]
    return annotation
