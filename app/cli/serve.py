"""The server at the command line: serve."""

from __future__ import annotations

import argparse
import os
from math import ceil

import uvicorn

from app.cli.command import CommandFailed, Commands
from app.cli.store import prepare_sample_store
from app.core.settings import Settings


def add_commands(commands: Commands) -> None:
    """Add `serve`."""
    serve = commands.add_parser("serve", help="serve the API on APP_PORT")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument(
        "--sample", action="store_true", help="first migrate the database, and seed it if it has no films"
    )
    serve.set_defaults(run=_serve)


def _serve(settings: Settings, options: argparse.Namespace) -> None:
    if problem := settings.worker_problem(several=False):
        raise CommandFailed(problem)
    if options.sample:
        prepare_sample_store(settings)
    # Imports the whole API, which other commands do not need.
    from app.api.protocol import BoundedHttpProtocol

    print(f"Serving on http://localhost:{settings.app_port} (docs at /docs). Stop with Ctrl-C.", flush=True)
    uvicorn.run(
        "app.main:app",
        host=options.host,
        port=settings.app_port,
        http=BoundedHttpProtocol,
        root_path=os.environ.get("UVICORN_ROOT_PATH", ""),  # which only uvicorn's own command reads by itself
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        # Longer than the grace, so that cancelled requests are answered. Connections that remain then are closed.
        timeout_graceful_shutdown=ceil(settings.shutdown_grace_seconds) + 5,
    )
