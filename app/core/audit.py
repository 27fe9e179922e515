"""What has to be known afterwards about who did what: events of one logger, without secrets.

Whoever is asking is in every line of a request: `account_id` or `key_id`, bound when the credential was verified.
"""

from __future__ import annotations

import structlog

log = structlog.get_logger("app.audit")


def audit(event: str, **facts: object) -> None:
    """Log the event. Ids are facts; names, addresses and anything that lets somebody in are not."""
    log.info(event, **facts)
