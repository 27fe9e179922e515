"""A small value that fits a JSON schema, for structured output and for tool arguments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_DEEPEST = 8
"""Levels after which a list stays empty, so that a schema that refers to itself comes to an end."""

_SIMPLE: dict[str, Any] = {"string": "text", "boolean": True, "integer": 1, "number": 1, "null": None}


def example(schema: Schema) -> Any:
    """A value valid under the schema: booleans are true, numbers 1, strings short, of an enum the first."""
    return _Sampler(schema.get("$defs", {})).value(schema, 0)


def schema_in(text: str) -> Schema | None:
    """The first JSON schema of an object that a text holds: a prompt may ask for JSON in words."""
    return next((found for found in _objects(text) if isinstance(found.get("properties"), dict)), None)


def _objects(text: str) -> Iterator[Schema]:
    decoder = json.JSONDecoder()
    start = text.find("{")
    while start >= 0:
        try:
            found, end = decoder.raw_decode(text, start)
        except ValueError:
            end = start + 1
        else:
            yield found
        start = text.find("{", end)


class _Sampler:
    def __init__(self, definitions: dict[str, Schema]) -> None:
        self._definitions = definitions

    def value(self, schema: Schema, depth: int) -> Any:
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        if "$ref" in schema:
            return self.value(self._definitions[schema["$ref"].rsplit("/", 1)[-1]], depth)
        for key in ("anyOf", "oneOf", "allOf"):
            if key in schema:
                return self.value(_first_not_null(schema[key]), depth)
        return self._typed(schema, depth)

    def _typed(self, schema: Schema, depth: int) -> Any:
        kind = _kind(schema)
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return [self.value(schema["items"], depth + 1)] if "items" in schema and depth < _DEEPEST else []
        if kind in ("integer", "number"):
            return max(1, schema.get("minimum", 1))
        return _SIMPLE[kind]

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        properties: dict[str, Schema] = schema.get("properties", {})
        wanted = schema.get("required", list(properties))
        return {name: self.value(properties[name], depth + 1) for name in wanted}


def _kind(schema: Schema) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, str):
        return kind
    return next((name for name in kind if name != "null"), "null")


def _first_not_null(options: list[Schema]) -> Schema:
    return next((option for option in options if option.get("type") != "null"), options[0])
