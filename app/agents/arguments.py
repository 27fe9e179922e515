"""Bind a model's arguments to a function's types: lenient in spelling, strict in meaning."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, TypeGuard

from pydantic import ConfigDict, TypeAdapter, ValidationError

from app.agents.chat_services.tool_calls import mended

_NOT_GIVEN = ("", "null", "none", "undefined")
"""Strings that models send for an unset optional argument, besides null."""
_LENIENT = ConfigDict(coerce_numbers_to_str=True, allow_inf_nan=False)
_EXPECTED: dict[Any, str] = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}


class ArgumentError(Exception):
    """Invalid arguments; the message is a sentence for the model."""


@dataclass(frozen=True)
class _Parameter:
    name: str
    is_required: bool
    expected: str
    adapter: TypeAdapter[Any]
    is_number: bool

    def read(self, value: object) -> object:
        """Return the value in the parameter's type, or raise ArgumentError."""
        wrong = ArgumentError(f"{self.name} must be {self.expected}.")
        if self.is_number and isinstance(value, bool):
            raise wrong
        try:
            read = self.adapter.validate_python(value)
        except ValidationError:
            raise wrong from None
        return mended(read) if isinstance(read, str) else read


def bind(method: Callable[..., Any] | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the method's bound arguments; a method of None takes no parameters.

    null and "" for an optional argument mean that it is unset; "5" and "5.0" are read as 5, "false" as false. Raises
    ArgumentError, with the name and the expected value, for an argument that does not fit.
    """
    parameters = {} if method is None else _parameters(getattr(method, "__func__", method))
    if unknown := [name for name in given if name not in parameters]:
        takes = f"takes only {', '.join(parameters)}" if parameters else "takes none"
        raise ArgumentError(f"Unknown argument {mended(unknown[0][:100])}: this tool {takes}.")
    bound = {}
    for name, parameter in parameters.items():
        value = given.get(name)
        if not _is_given(value, parameter):
            if parameter.is_required:
                raise ArgumentError(f"{name} is missing: it must be {parameter.expected}.")
            continue
        bound[name] = parameter.read(value)
    return bound


def _is_given(value: object, parameter: _Parameter) -> bool:
    if value is None:
        return False
    return parameter.is_required or not isinstance(value, str) or value.strip().lower() not in _NOT_GIVEN


@lru_cache(maxsize=256)
def _parameters(function: Callable[..., Any]) -> dict[str, _Parameter]:
    """Return the parameters by name; cached because agents are rebuilt often."""
    hints = typing.get_type_hints(function)
    return {
        name: _parameter(name, hints.get(name, str), parameter)
        for name, parameter in inspect.signature(function).parameters.items()
        if name != "self"
    }


def _parameter(name: str, hint: object, parameter: inspect.Parameter) -> _Parameter:
    kind = _without_none(hint)
    is_model = isinstance(kind, type) and hasattr(kind, "model_validate")
    adapter: TypeAdapter[Any] = TypeAdapter(kind, config=None if is_model or _is_enum(kind) else _LENIENT)
    return _Parameter(
        name=name,
        is_required=parameter.default is inspect.Parameter.empty,
        expected=_expected(kind),
        adapter=adapter,
        is_number=kind in (int, float),
    )


def _without_none(hint: object) -> object:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
        return kinds[0] if len(kinds) == 1 else hint
    return hint


def _is_enum(kind: object) -> TypeGuard[type[Enum]]:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _expected(kind: object) -> str:
    if _is_enum(kind):
        return f"one of {', '.join(str(member.value) for member in kind)}"
    if typing.get_origin(kind) is list:
        return "a list"
    return _EXPECTED.get(kind, "as described")
