"""Entity tags (RFC 9110): hashes of representations, so that clients change only the version that they have read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b

from pydantic import BaseModel

from app.core.errors import PreconditionFailed

_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def json_of(model: BaseModel) -> bytes:
    """Return the model as sent to clients."""
    return model.__pydantic_serializer__.to_json(model)


def etag_of(body: bytes) -> str:
    """Return the strong entity tag of a representation."""
    return f'"{blake2b(body, digest_size=12).hexdigest()}"'


@dataclass(frozen=True)
class EntityTags:
    """The value of `If-Match` or `If-None-Match`; None without the header."""

    value: str | None

    def require(self, current: BaseModel) -> None:
        """Check `If-Match`, and raise PreconditionFailed if the client has not read the current version."""
        if self.value is not None and not self.include(etag_of(json_of(current)), weak=False):
            raise PreconditionFailed

    def include(self, tag: str, *, weak: bool = True) -> bool:
        """Return whether `If-None-Match` has this tag; `weak` also matches tags marked as weak."""
        if self.value is None:
            return False
        tags = {known for is_weak, known in _TAG.findall(self.value) if weak or not is_weak}
        return self.value.strip() == "*" or tag in tags
