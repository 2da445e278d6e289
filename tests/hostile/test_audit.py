"""What CI says of known vulnerabilities: .ci/audit, on reports as pip-audit writes them."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

AUDIT = Path(__file__).resolve().parent.parent.parent / ".ci" / "audit"
judge = runpy.run_path(str(AUDIT))["judge"]

SOUND = {"name": "django", "version": "5.2.19", "vulns": []}
VULNERABLE = {"name": "old", "version": "1", "vulns": [{"id": "PYSEC-0-1", "fix_versions": ["2"]}]}
UNKNOWN = {"name": "ours", "skip_reason": "Dependency not found"}


def of(*packages) -> tuple[int, list[str]]:
    return judge(json.dumps({"dependencies": packages, "fixes": []}))


def test_nothing_found_is_said_and_passes():
    assert of(SOUND) == (0, ["no known vulnerability in 1 packages"])


def test_a_known_vulnerability_fails():
    assert of(SOUND, VULNERABLE) == (1, ["old 1: PYSEC-0-1, mended in 2"])


def test_what_was_not_audited_is_said_and_hides_no_vulnerability():
    status, said = of(UNKNOWN, VULNERABLE)
    assert (status, len(said)) == (1, 2)
    assert of(UNKNOWN) == (0, ["NOT AUDITED, no advisories for 1 of 1: ours"])


def test_advisories_out_of_reach_are_said_and_do_not_fail():
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
    run = subprocess.run(
        [sys.executable, AUDIT], env=os.environ | nowhere, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0
    assert run.stdout.startswith("NOT AUDITED")
