"""What a page is, to the router."""

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel.speaklater import LazyString
from sqlalchemy.orm import Session

from dashboards.context import Context
from dashboards.parts import Children
from portal.domain.policy import Permission


@dataclass(frozen=True)
class Page:
    """One view.

    Attributes:
        slug: its address below `/dashboards/`; empty for the overview.
        name: what its tab is called.
        answers: the question it answers, for the overview.
        render: reads what it needs and lays it out; the transaction's scope is the actor's.
        permission: what the person must be allowed for the unit looked at; without it the page is not offered.
    """

    slug: str
    name: LazyString
    answers: LazyString
    render: Callable[[Session, Context], Children]
    permission: Permission = Permission.SEE_ROLLUP
