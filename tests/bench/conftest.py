"""The benches use the served portal and the browser of the end-to-end tests; their ratios are printed at the end."""

import pytest

from tests.e2e.conftest import browser, portal_server

__all__ = ["browser", "portal_server"]

_RATIOS = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def ratios(pytestconfig: pytest.Config) -> list[str]:
    """Lines of the table that is printed when all is measured, whether the bars were cleared or not."""
    return pytestconfig.stash.setdefault(_RATIOS, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table."""
    lines = config.stash.get(_RATIOS, [])
    if lines:
        terminalreporter.section("ratios")
    for line in lines:
        terminalreporter.line(line)
