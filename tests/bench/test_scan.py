"""A scanner that knows nothing of the portal attacks the served demonstration, signed in and not: it finds nothing."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.bench.test_first_pages import sign_in
from tests.e2e.conftest import Portal

WAPITI = shutil.which("wapiti")
MODULES = (
    "cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,ldap,methods,permanentxss,redirect,sql,timesql,upload,"
    "xss"
)
"""All but those that guess names of files and passwords, and those that need a host of their own on the internet."""

MINUTES = 20
MEDIUM = 2
"""Wapiti's levels: 1 low, 2 medium, 3 high, 4 critical."""

LEADS_OUT = ("/logout/", "/account/sessions/", "/account/password", "/login/code", "/people/*/account/*")
"""Addresses that end the session the scanner came with; the access table asks them."""

PEOPLE = ["", "441802_filler", "441800_reviewer"]


@pytest.mark.skipif(WAPITI is None, reason="script/bench brings wapiti along")
@pytest.mark.parametrize("username", PEOPLE)
def test_nothing_of_medium_or_higher_is_found(
    browser: Browser, portal_server: Portal, username: str, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    headers = []
    if username:
        cookies = sign_in(browser, portal_server, username)
        headers = ["--header", "Cookie: " + "; ".join(f"{each['name']}={each['value']}" for each in cookies)]
    command = [
        *(WAPITI, "--url", f"{portal_server.address}/", "--scope", "folder", "--module", MODULES, *headers),
        *(option for path in LEADS_OUT for option in ("--exclude", f"{portal_server.address}{path}*")),
        *("--start", f"{portal_server.address}/dashboards/", "--start", f"{portal_server.address}/account/"),
        *("--depth", "4", "--max-links-per-page", "30", "--max-scan-time", "240", "--max-attack-time", "60"),
        *("--tasks", "8", "--verify-ssl", "0", "--no-bugreport", "--flush-session"),
        *("--store-session", str(tmp_path / "session"), "--format", "json", "--output", str(report)),
    ]
    subprocess.run(command, check=True, timeout=MINUTES * 60, stdout=subprocess.DEVNULL)
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found["infos"]["crawled_pages_nbr"] > (10 if username else 0)
    serious = [
        (category, each["level"], each["method"], each["path"], each["parameter"], each["info"])
        for kind in ("vulnerabilities", "anomalies")
        for category, several in found[kind].items()
        for each in several
        if each["level"] >= MEDIUM
    ]
    assert serious == []
