"""`people`: those of the units that the actor administers, with their roles. They change on the pages."""

from typing import Any

from flask import Response
from marshmallow import fields

from portal.db import transaction
from portal.domain.policy import Actor, Role
from portal.queries.paging import PageOf
from portal.queries.person_search import Standing, search_people
from portal.web.api.fields import Paged
from portal.web.api.resource import Resource, answer, endpoint
from portal.web.api.shapes import paged, person_shape


class PeopleQuery(Paged):
    """With a role in which unit or below it, with which role, of what name, in what standing."""

    unit = fields.String(load_default=None)
    role = fields.Enum(Role, by_value=True, load_default=None)
    text = fields.String(load_default="")
    standing = fields.Enum(Standing, by_value=True, load_default=None)


class PeopleApi(Resource):
    """People and their roles."""

    resource_name = "people"

    @endpoint("", query=PeopleQuery)
    def index(self, actor: Actor, *, page: int, page_size: int, **wanted: Any) -> Response:
        """People with a role in the actor's unit or below it, by unit and user name; for administrators."""
        part = PageOf(page, page_size)
        with transaction(actor) as session:
            found = search_people(session, actor, page=part, **wanted)
        return answer(paged([person_shape(person) for person in found.items], found.count, part))
