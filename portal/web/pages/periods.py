"""Which period a page is about."""

from collections.abc import Sequence

from flask import request

from portal import clock
from portal.domain.periods import Period


def chosen_period(known: Sequence[str]) -> Period:
    """The period named in the address, else the newest there is, else last year.

    Raises:
        InvalidInput: what is named is no period.
    """
    named = request.args.get("period")
    if named:
        return Period.parse(named)
    return Period.parse(known[0]) if known else Period(clock.today().year - 1)
