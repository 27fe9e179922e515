"""A caller's tools as plugins: Semantic Kernel parses each class once, and each caller gets an object of their own."""

from __future__ import annotations

from collections.abc import Callable
from inspect import ismethod
from types import MethodType
from typing import Any

from semantic_kernel.functions import KernelFunction, KernelFunctionFromMethod, KernelPlugin

_Method = Callable[..., Any]


class CallerTools:
    """Keeps what Semantic Kernel reads from a class of tools: names, descriptions and parameters."""

    def __init__(self) -> None:
        self._parsed: dict[tuple[str, type], KernelPlugin] = {}

    def plugin(self, name: str, tools: object) -> KernelPlugin:
        """Return the methods of this object as a plugin. No other object's plugin calls them or keeps the object."""
        parsed = self._parsed.get((name, type(tools)))
        if parsed is not None:
            return _with_methods(parsed, lambda method: MethodType(method, tools))
        plugin = KernelPlugin.from_object(name, tools)
        if all(_is_plain_method(function, tools) for function in plugin):
            self._parsed[name, type(tools)] = _with_methods(plugin, lambda method: method.__func__)
        return plugin


def _is_plain_method(function: KernelFunction, tools: object) -> bool:
    """Return whether it is the object's own method, which every object of its class has."""
    if not isinstance(function, KernelFunctionFromMethod) or function.stream_method is not None:
        return False
    return ismethod(function.method) and function.method.__self__ is tools


def _with_methods(plugin: KernelPlugin, replaced: Callable[[Any], _Method]) -> KernelPlugin:
    """Return a copy of the plugin whose functions call other methods; metadata is shared."""
    functions = {
        name: function.model_copy(update={"method": replaced(function.method)})  # type: ignore[attr-defined]
        for name, function in plugin.functions.items()
    }
    return plugin.model_copy(update={"functions": functions})
