"""Lazy imports of packages that Semantic Kernel and openai import completely, although a turn uses few of their names.

Importing them completely took two thirds of the time that loads the agents. A name of a listed package is imported
from its submodule on first use. It is the real object, so all users of it work:
tests/integration/test_lazy_imports.py checks that for each package.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import resolve_name
from types import MappingProxyType, ModuleType
from typing import Any

_NOTHING: Mapping[str, object] = MappingProxyType({})


def _compiler() -> object:
    """Return a pybars.Compiler, as calling the class does."""
    return import_module("pybars._compiler").Compiler()


LAZY_PACKAGES: Mapping[str, Mapping[str, object]] = {
    "openai.types": _NOTHING,
    "openai.types.chat": _NOTHING,
    "openai.types.responses": _NOTHING,
    "openai.types.shared": _NOTHING,
    "openai.types.shared_params": _NOTHING,
    # For handlebars templates, which no prompt uses. Importing it builds a parser.
    "pybars": {"Compiler": _compiler, "PybarsError": Exception},
}
"""Package: stand-ins for names that Semantic Kernel touches when it is imported."""


def install() -> None:
    """Import the listed packages lazily from now on, except those that are already imported."""
    sys.meta_path.insert(0, _LazyFinder())


class _LazyFinder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in LAZY_PACKAGES:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _LazyLoader(spec.loader, LAZY_PACKAGES[fullname])
        return spec


class _LazyLoader(Loader):
    """Runs a package's own code without its imports from its submodules."""

    def __init__(self, loader: SourceFileLoader, stand_ins: Mapping[str, object]) -> None:
        self._loader = loader
        self._stand_ins = stand_ins

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        package, path = module.__name__, self._loader.path
        tree = ast.parse(self._loader.get_data(path), path)
        later = {name: source for node in tree.body for name, source in _names_from_submodules(node, package).items()}
        tree.body = [node for node in tree.body if not _names_from_submodules(node, package)]

        def touched(name: str) -> Any:  # noqa: ANN401  as of any module
            if name not in later:
                raise AttributeError(f"module {package!r} has no attribute {name!r}")
            submodule, its_name = later[name]
            value = getattr(import_module(submodule), its_name)
            setattr(module, name, value)
            return value

        code, namespace = compile(tree, path, "exec"), vars(module)
        namespace.update(self._stand_ins, __getattr__=touched, __all__=[*later])
        exec(code, namespace)  # as any import does  # noqa: S102  # nosec B102


def _names_from_submodules(node: ast.stmt, package: str) -> dict[str, tuple[str, str]]:
    """Return what the statement imports from submodules of the package: names, each with submodule and name there."""
    if not isinstance(node, ast.ImportFrom) or node.module is None:
        return {}
    source = resolve_name("." * node.level + node.module, package)
    if not source.startswith(f"{package}."):
        return {}
    return {alias.asname or alias.name: (source, alias.name) for alias in node.names}
