"""The benches use the served portal and the browser of the end-to-end tests."""

from tests.e2e.conftest import browser, portal_server

__all__ = ["browser", "portal_server"]
