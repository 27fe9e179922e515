"""Entity tags (RFC 9110): a hash of what a client was shown, so that what it did not see cannot change it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b

from pydantic import BaseModel

from app.core.errors import PreconditionFailed

_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def json_of(model: BaseModel) -> bytes:
    """The model as it goes over the wire."""
    return model.__pydantic_serializer__.to_json(model)


def etag_of(body: bytes) -> str:
    """The strong entity tag of a representation."""
    return f'"{blake2b(body, digest_size=12).hexdigest()}"'


@dataclass(frozen=True)
class EntityTags:
    """What a client says it has seen: a value of `If-Match` or `If-None-Match`, None when it said nothing."""

    value: str | None

    def require(self, current: BaseModel) -> None:
        """`If-Match`: raises PreconditionFailed unless the client has seen the present state."""
        if self.value is not None and not self.include(etag_of(json_of(current)), weak=False):
            raise PreconditionFailed

    def include(self, tag: str, *, weak: bool = True) -> bool:
        """`If-None-Match`: whether the client has this one; `weak` also takes tags marked as weak."""
        if self.value is None:
            return False
        tags = {known for is_weak, known in _TAG.findall(self.value) if weak or not is_weak}
        return self.value.strip() == "*" or tag in tags
