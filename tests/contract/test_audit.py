"""`make audit`: known vulnerabilities fail the check; packages that cannot be looked up are reported."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def audit(tools: Path, output: str, status: int) -> subprocess.CompletedProcess[str]:
    """Run the check with a pip-audit that prints this output and exits with this status."""
    report = tools / "report"
    report.write_text(output)
    program = tools / "pip-audit"
    program.write_text(f"#!/bin/sh\ncat {report} >&2\nexit {status}\n")
    program.chmod(0o755)
    return subprocess.run(
        ["make", "--silent", "--no-print-directory", "audit", f"BIN={tools}"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_known_vulnerability_fails_the_check(tmp_path: Path) -> None:
    found = "Found 1 known vulnerability in 1 package\nName Version ID\nold 1.0 PYSEC-1\nnew could not be audited\n"
    done = audit(tmp_path, found, 1)
    assert done.returncode != 0
    assert "PYSEC-1" in done.stdout


def test_packages_that_nothing_is_known_of_pass(tmp_path: Path) -> None:
    done = audit(tmp_path, "No known vulnerabilities found\n", 0)
    assert done.returncode == 0
    assert "SKIPPED" not in done.stdout


@pytest.mark.parametrize(
    ("output", "status", "said"),
    [
        ("No known vulnerabilities found\na could not be audited: a\nb could not be audited: b\n", 0, "for 2 packages"),
        ("ConnectionError: no route to host\n", 1, "could not be looked up"),
        ("", 124, "could not be looked up"),  # out of time
    ],
)
def test_packages_that_cannot_be_looked_up_are_reported_and_pass(
    tmp_path: Path, output: str, status: int, said: str
) -> None:
    done = audit(tmp_path, output, status)
    assert done.returncode == 0
    assert "SKIPPED" in done.stdout
    assert said in done.stdout
