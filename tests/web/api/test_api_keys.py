"""What programs with an API key get, and what they do not."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from portal.clock import frozen_at, today
from portal.db import identity_transaction
from portal.domain.actors import KeyScope, Role
from portal.domain.api_keys import LONGEST_LIFE, new_key
from portal.domain.sign_in import KEYS
from portal.errors import InvalidInput
from portal.models import ApiKey
from portal.queries.people import find_actor
from portal.services import api_keys, sign_in_throttle
from portal.services.sign_in_events import Account
from portal.web.api import RESOURCES
from tests.web.api.conftest import Caller

OWN = "d111-2023-T"
READING, SUBMITTING = KeyScope.READ, KeyScope.SUBMIT
WRITES = [
    ("PATCH", f"submissions/{OWN}/values", {"values": {"T101": {"number": "1"}}, "row_versions": {"T101": 0}}),
    ("POST", f"submissions/{OWN}/explanations", {"code": "x", "reason_code": "policy", "words": "x" * 20}),
    ("POST", f"submissions/{OWN}/actions/receive", {}),
    ("POST", f"submissions/{OWN}/actions/submit", {}),
    ("POST", f"submissions/{OWN}/actions/withdraw", {}),
]


def person(api, name: str, *roles: Role, unit: str = "d111") -> int:
    user_id = api.site.account(name)
    api.site.employ(user_id, unit, *roles)
    return user_id


def make(user_id: int, scope: KeyScope = READING, *, unit: str = "d111", until: date | None = None) -> str:
    with identity_transaction() as session:
        actor = find_actor(session, user_id, "张某", unit_code=unit)
        return api_keys.make(session, actor, Account(user_id, "name"), "程序", scope, until or today())


def caller(api, key: str) -> Caller:
    return Caller(api.app.test_client(), {"Authorization": f"Bearer {key}"})


def with_key(api, name: str, scope: KeyScope, *roles: Role) -> Caller:
    """A program of a person with these roles."""
    return caller(api, make(person(api, name, *roles), scope))


class TestScope:
    @pytest.mark.parametrize("scope", KeyScope)
    def test_both_read_what_the_person_reads(self, api, scope):
        program = with_key(api, f"reads-{scope}", scope, Role.FILLER)
        assert [item["code"] for item in program.get("units").json["items"]] == ["d111"]
        assert program.get(f"submissions/{OWN}/values").status_code == 200
        assert program.get("_openapi").status_code == 200

    @pytest.mark.parametrize(("method", "path", "body"), WRITES)
    def test_reading_only_writes_nothing(self, api, method, path, body):
        program = with_key(api, f"ro-{method}-{path}", READING, *sorted(set(Role) - {Role.PARTNER}))
        answer = program.ask(method, path, json=body)
        assert (answer.status_code, answer.json["permission"]) == (403, "write_with_this_key")

    def test_no_route_at_all_lets_a_reading_key_write(self, api):
        program = with_key(api, "ro-all", READING, Role.FILLER, Role.HEAD, Role.REVIEWER, Role.SYSTEM_ADMIN)
        names = {resource.__name__ for resource in RESOURCES}
        for rule in api.app.url_map.iter_rules():
            for method in rule.methods - {"GET", "HEAD", "OPTIONS"}:
                if rule.endpoint.partition(".")[0] in names:
                    path = rule.rule.removeprefix("/api/v1/")
                    path = re.sub("<uuid:[a-z_]+>", "7c6b2f2e-7f0b-4f6f-8a5d-0d6c0c0f2d11", path)
                    path = path.replace("<key>", OWN).replace("<verb>", "submit").replace("<code>", "d111")
                    assert program.ask(method, path, json={}).status_code == 403, rule

    def test_submitting_fills_in_and_moves_on(self, api):
        program = caller(api, make(person(api, "fills", Role.FILLER, unit="d112"), SUBMITTING, unit="d112"))
        own = "d112-2023-T"
        assert program.post(f"submissions/{own}/actions/receive", json={}).status_code == 200
        body = {"values": {"T101": {"number": "1"}}, "row_versions": {"T101": 0}}
        assert program.patch(f"submissions/{own}/values", json=body).status_code == 200
        assert program.get(f"submissions/{own}/values").status_code == 200

    @pytest.mark.parametrize(
        "verb", ["check", "legal_review", "sign", "send_back", "accept", "reopen", "lock", "publish"]
    )
    def test_what_people_must_do_themselves_no_key_does(self, api, verb):
        program = with_key(
            api, f"person-{verb}", SUBMITTING, Role.CHECKER, Role.LEGAL_REVIEWER, Role.HEAD, Role.REVIEWER
        )
        answer = program.post(f"submissions/{OWN}/actions/{verb}", json={"reason": "不该成功的操作"})
        assert (answer.status_code, answer.json["code"]) == (403, "not_permitted")

    def test_a_key_has_no_more_rights_than_its_person(self, api):
        program = with_key(api, "auditor", SUBMITTING, Role.AUDITOR)
        method, path, body = WRITES[0]
        assert program.ask(method, path, json=body).status_code == 403

    def test_nor_longer_than_the_person_has_them(self, api):
        user_id = api.site.account("gone-tomorrow")
        api.site.employ(user_id, "d111", Role.FILLER, until=today())
        key = make(user_id, until=today() + timedelta(days=9))
        assert caller(api, key).get("units").status_code == 200
        with frozen_at(datetime.now(UTC) + timedelta(days=1)):
            assert caller(api, key).get("units").json["permission"] == "act_for_unit"


class TestReach:
    def test_it_is_for_one_unit(self, api):
        user_id = person(api, "of-two", Role.FILLER)
        api.site.employ(user_id, "c12", Role.REVIEWER)
        program = caller(api, make(user_id))
        assert program.get("units", headers={"Huizong-Unit": "d111"}).status_code == 200
        for other in ("c12", "d211", ""):
            refused = program.get("units", headers={"Huizong-Unit": other})
            assert (refused.status_code, refused.json["permission"]) == (403, "act_for_unit")
        assert [item["code"] for item in program.get("units").json["items"]] == ["d111"]

    @pytest.mark.parametrize(
        "path", ["units/d211", "submissions/d211-2023-T", "submissions/d112-2023-T/values", "events?unit=d211"]
    )
    def test_other_tenants_are_out_of_reach(self, api, path):
        program = with_key(api, f"reach-{path}", SUBMITTING, Role.FILLER, Role.REVIEWER)
        assert program.get(path).status_code in {403, 404}

    @pytest.mark.parametrize(
        "path",
        [
            "/tasks/",
            "/account/",
            "/account/keys/new",
            "/account/password",
            "/admin/",
            "/dashboards/",
            "/swagger/v1",
            "/",
        ],
    )
    def test_pages_do_not_open_to_a_key(self, api, path):
        key = make(person(api, f"page{path.replace('/', '-')}", Role.SYSTEM_ADMIN, Role.FILLER), SUBMITTING)
        answer = api.app.test_client().get(path, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code in {302, 401, 403}
        assert "d111" not in answer.text

    @pytest.mark.parametrize("path", ["/account/keys/new", "/account/keys/1/revoke", "/account/password", "/logout/"])
    def test_nor_changes_anything_there(self, api, path):
        key = make(person(api, f"post{path.replace('/', '-')}", Role.SYSTEM_ADMIN), SUBMITTING)
        answer = api.app.test_client().post(path, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code in {400, 401}

    def test_people_are_no_business_of_a_key(self, api):
        roles = (Role.SYSTEM_ADMIN, Role.UNIT_ADMIN, Role.FILLER)
        user_id = person(api, "keeper-of-people", *roles)
        session = Caller(api.app.test_client(), {"Authorization": f"Bearer {api.site.token(user_id)}"})
        assert session.get("people").status_code == 200
        for scope in KeyScope:
            assert caller(api, make(user_id, scope)).get("people").json["code"] == "not_permitted"

    def test_a_key_gives_no_token(self, api):
        key = make(person(api, "no-token", Role.FILLER), SUBMITTING)
        refresh = api.app.test_client().post("/api/v1/security/refresh", headers={"Authorization": f"Bearer {key}"})
        assert refresh.status_code == 401

    def test_beside_a_key_the_cookie_counts_for_nothing(self, api):
        browser = api.site.person("c13")
        browser.get("/account/")
        key = make(person(api, "beside", Role.FILLER))
        units = browser.client.get("/api/v1/units", headers={"Authorization": f"Bearer {key}"}).json["items"]
        assert [item["code"] for item in units] == ["d111"]


class TestEnd:
    def refused(self, api, key: str) -> None:
        answer = caller(api, key).get("units")
        assert (answer.status_code, answer.json["code"]) == (401, "invalid_key")
        assert answer.mimetype == "application/problem+json"

    def test_its_last_day_is_the_last(self, api):
        key = make(person(api, "expiring", Role.FILLER), until=today() + timedelta(days=2))
        last = datetime.combine(today() + timedelta(days=2), datetime.min.time(), UTC)
        with frozen_at(last + timedelta(hours=15)):
            assert caller(api, key).get("units").status_code == 200
        with frozen_at(last + timedelta(hours=17)):  # past midnight in China
            self.refused(api, key)

    @pytest.mark.parametrize("days", [-1, LONGEST_LIFE.days + 1, 10_000])
    def test_it_lasts_a_year_at_most(self, api, days):
        with pytest.raises(InvalidInput):
            make(person(api, f"lasting-{days}", Role.FILLER), until=today() + timedelta(days=days))

    def test_revoked_it_is_dead_at_once(self, api):
        user_id = person(api, "revoking", Role.FILLER)
        key, other = make(user_id), make(user_id)
        with identity_transaction() as session:
            number = session.scalar(select(ApiKey.id).where(ApiKey.beginning == key[:10], ApiKey.user_id == user_id))
            api_keys.revoke(session, Account(user_id, "revoking"), number, address="")
        self.refused(api, key)
        assert caller(api, other).get("units").status_code == 200
        with identity_transaction() as session:
            assert api_keys.revoke_all(session, user_id) == 1
        self.refused(api, other)

    def test_it_rests_while_the_account_is_switched_off(self, api):
        user_id = api.site.account("asleep", active=False)
        api.site.employ(user_id, "d111", Role.FILLER)
        self.refused(api, make(user_id))

    def test_one_that_never_was_is_refused(self, api):
        self.refused(api, new_key())
        self.refused(api, "hzk_")
        self.refused(api, "hzk_汇总".encode().decode("latin-1"))

    def test_wrong_keys_are_counted_by_address_and_good_ones_go_on(self, api):
        key = make(person(api, "neighbour", Role.FILLER), until=today() + timedelta(days=9))
        with identity_transaction() as session:
            sign_in_throttle.forget(session, KEYS, "127.0.0.1")
        with frozen_at(datetime.now(UTC) + timedelta(days=1)):
            codes = [caller(api, new_key()).get("units").json["code"] for _ in range(51)]
            assert codes == ["invalid_key"] * 50 + ["too_many_failures"]
            assert caller(api, key).get("units").status_code == 200


class TestKeeping:
    def test_the_key_itself_is_nowhere(self, api):
        key = make(person(api, "stored", Role.FILLER))
        with identity_transaction() as session:
            row = session.scalars(select(ApiKey).order_by(ApiKey.id.desc())).first()
        assert key not in str(vars(row))
        assert key.startswith(row.beginning)

    def test_its_use_is_noted_once_a_minute(self, api):
        user_id = person(api, "noted", Role.FILLER)
        key, start = make(user_id), datetime.now(UTC)

        def used() -> datetime | None:
            with identity_transaction() as session:
                return session.scalar(select(ApiKey.last_used_at).where(ApiKey.user_id == user_id))

        assert used() is None
        for seconds, noted in ((0, 0), (59, 0), (61, 61)):
            with frozen_at(start + timedelta(seconds=seconds)):
                caller(api, key).get("units")
            assert used() == start + timedelta(seconds=noted)

    def test_the_description_tells_how_to_use_one(self, api):
        description = with_key(api, "described", READING, Role.FILLER).get("_openapi").json
        assert "hzk_" in description["info"]["description"]
        assert description["components"]["securitySchemes"]["api_key"]["scheme"] == "bearer"

    def test_the_framework_has_no_keys_of_its_own(self, api):
        paths = [rule.rule for rule in api.app.url_map.iter_rules()]
        assert [path for path in paths if "api_key" in path or "apikey" in path] == []
        answer = api.app.test_client().get("/api/v1/units", headers={"Authorization": "Bearer sst_abcdef"})
        assert answer.json["code"] == "not_signed_in"
