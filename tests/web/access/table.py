"""Who may ask for what: every address and method of the portal, and what each kind of person is answered.

A row says who gets through the door (the screen or right that a role opens; everybody else gets 403), and what those
who do are answered when the address is about the person's own unit (d111), about one directly below (asked by c11),
further below (by p1), or about a stranger's (asked by d112 and d211). One number: the same for all of them. `only`
names roles that are answered differently from the others.

Nobody is sent to the sign-in page, and 401 by the API and by addresses of programs, unless the row says otherwise.
A person without a unit gets 403, unless the row says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from portal.domain.policy import Role

SIGN_IN = 302
EVERYBODY = frozenset(Role)
REPORTING = frozenset({Role.FILLER, Role.CHECKER, Role.LEGAL_REVIEWER, Role.HEAD, Role.PUBLISHER})
REVIEWING = frozenset({Role.REVIEWER, Role.HEAD, Role.AUDITOR})
ADMIN = frozenset({Role.SYSTEM_ADMIN})

Answer = int | Mapping[Role | None, int]


def only(answers: Mapping[Role, int], others: int = 403) -> Answer:
    """These roles get these statuses; whoever has none of them gets `others`."""
    return {**answers, None: others}


@dataclass(frozen=True)
class Row:
    """One address, and what it answers.

    Attributes:
        door: roles that get past the screen's guard.
        own: to those about their own unit.
        below: to their superior; `own` if it is left out, as are the next two.
        further: to the superior's superior.
        stranger: to anybody else.
        partner: to a partner, whatever their unit; None: as to everybody there.
        nobody: without signing in; None: the sign-in page, or 401 where a program asks.
        homeless: to a person without a unit.
        parts: of the address, where they are not those of `SAMPLES`.
        query, form, body: sent along; `body` as JSON.
        upload: whether a workbook is sent as `file`.
    """

    method: str
    rule: str
    door: frozenset[Role]
    own: Answer
    below: Answer | None = None
    further: Answer | None = None
    stranger: Answer | None = None
    partner: int | None = None
    nobody: int | None = None
    homeless: int = 403
    parts: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    form: Mapping[str, str] | None = None
    body: Any = None
    upload: bool = False

    @property
    def about_a_unit(self) -> bool:
        """Whether it matters whose people ask."""
        return not (self.below is self.further is self.stranger is None)

    @property
    def api(self) -> bool:
        """Whether it is an address of the API."""
        return self.rule.startswith("/api/")

    def answer(self, relation: str, roles: frozenset[Role]) -> int:
        """The status for a person with these roles, who stands so to the unit that it is about."""
        if not roles & self.door:
            return 403
        if roles == {Role.PARTNER} and self.partner is not None:
            return self.partner
        said = getattr(self, relation)
        said = self.own if said is None else said
        if isinstance(said, int):
            return said
        return min((said[role] for role in roles if role in said), default=said[None])


_PERSON = "/people/<int(max=2147483647):user_id>"
DRAFT, HANDED_IN, ACCEPTED = "d111-2023-T", "d111-2021-T", "d111-2020-T"
FILLER, HEAD, REVIEWER, AUDITOR = Role.FILLER, Role.HEAD, Role.REVIEWER, Role.AUDITOR
TASKS = REPORTING | {AUDITOR}
EITHER = TASKS | REVIEWING
COLLECTING = frozenset({REVIEWER, Role.UNIT_ADMIN, AUDITOR})
BATCHING = EITHER | COLLECTING
ORDERING = (Role.FILLER, Role.HEAD, Role.REVIEWER, Role.UNIT_ADMIN)
PEOPLE = frozenset({Role.UNIT_ADMIN, Role.SYSTEM_ADMIN})
AUDIT = PEOPLE | {AUDITOR}
ENTERING = {status: {REVIEWER: status, Role.UNIT_ADMIN: status} for status in (404, 422)}
SENT = "T-2020"
CASES = {"form_code": "T", "code": "cases"}

SAMPLES = {
    "key": DRAFT,
    "code": "T1",
    "indicator": "T101",
    "section": "W1",
    "finding": "rule_broken~T107-E1~T107",
    "unit": "d111",
    "verb": "lock",
    "path": "progress",
    "version": "v1",
    "locale": "en",
    "filename": "portal.css",
    "package_name": "dash",
    "fingerprinted_path": "nothing.js",
    "form": "csv",
    "number": "999",
    "position": "0",
    "membership_id": "999",
    "pk": "1",
}
"""Parts of addresses; `upload_id`, `batch_id` and `digest` are those of d111's upload, batch and file for its draft,
`user_id` that of somebody of d111."""


def _page(rule: str, door: frozenset[Role], own: Answer = 200, *others: Answer, **more: Any) -> Row:
    below, further, stranger = others or (None, None, None)
    return Row("GET", rule, door, own, below, further, stranger, **more)


def _write(rule: str, door: frozenset[Role], own: Answer, *others: Answer, **more: Any) -> Row:
    below, further, stranger = others or (None, None, None)
    return Row(more.pop("method", "POST"), rule, door, own, below, further, stranger, **more)


def _api(rule: str, own: Answer = 200, *others: Answer, **more: Any) -> Row:
    below, further, stranger = others or (None, None, None)
    return Row("GET", f"/api/v1/{rule}", EVERYBODY, own, below, further, stranger, **more)


def _send(rule: str, own: Answer, *others: Answer, **more: Any) -> Row:
    return _write(f"/api/v1/{rule}", EVERYBODY, own, *others, **more)


OUR_PAGES = [
    _page("/", EVERYBODY, 302, homeless=403),
    _page("/tasks/", TASKS),
    _page("/submissions/<key>/", EITHER, 200, 200, 200, 404),
    _page("/submissions/<key>/sheets/", EITHER, 302, 403, 403, 404),
    _page("/submissions/<key>/sheets/<code>", EITHER, 200, 403, 403, 404),
    _page("/submissions/<key>/sheets/<code>", EITHER, 200, 200, 200, 404, parts={"key": ACCEPTED}),
    _page("/submissions/<key>/sheets/<code>/<indicator>/history", EITHER, 200, 403, 403, 404),
    _page("/submissions/<key>/sheets/<code>/<indicator>/history", EITHER, 200, 200, 200, 404, parts={"key": ACCEPTED}),
    _page("/submissions/<key>/lists/<code>", EITHER, 200, 403, 403, 404, parts={"code": "cases"}),
    _page("/submissions/<key>/lists/<code>", EITHER, 200, 200, 200, 404, parts={"code": "cases", "key": ACCEPTED}),
    _page("/submissions/<key>/text/<section>", EITHER, 200, 403, 403, 404),
    _page("/submissions/<key>/text/<section>", EITHER, 200, 200, 200, 404, parts={"key": ACCEPTED}),
    _page("/submissions/<key>/evidence/", EITHER, 200, 403, 403, 404),
    _page("/submissions/<key>/evidence/", EITHER, 200, 200, 200, 404, parts={"key": ACCEPTED}),
    _page("/submissions/<key>/evidence/<digest>", EITHER, 200, 403, 403, 404),
    _page("/submissions/<key>/work/", TASKS, 200, 403, 403, 404),
    _page("/submissions/<key>/work/", TASKS, 200, 200, 200, 404, parts={"key": ACCEPTED}),
    _page("/submissions/<key>/findings/", EITHER, 200, 403, 403, 404),
    _page("/submissions/<key>/findings/<finding>/file", EITHER, 200, 403, 403, 404),
    _page("/submissions/<key>/findings/<finding>/file", EITHER, 200, 200, 200, 404, parts={"key": ACCEPTED}),
    _page("/submissions/<key>/submit", EITHER, 200, 403, 403, 404),
    _page("/submissions/<key>/receipt", EITHER, 404, 404, 404, 404),
    _page("/submissions/<key>/receipt", EITHER, 200, 200, 200, 404, parts={"key": ACCEPTED}),
    _page("/rollups/<unit>/export.<form>", EVERYBODY, 200, 200, 200, 403, parts={"form": "csv"}, query="period=2020"),
    _page(
        "/rollups/<unit>/differences/export.<form>",
        EVERYBODY,
        200,
        200,
        200,
        403,
        parts={"form": "csv"},
        query="period=2020",
    ),
    _page("/rollups/<unit>/entries/", EVERYBODY, 200, 200, 200, 403, query="period=2020", partner=403),
    _page("/rollups/<unit>/entries/", EVERYBODY, 200, 200, 200, 403, query="period=2020&indicator=T203", partner=403),
    _write(
        "/rollups/<unit>/entries/",
        EVERYBODY,
        only(ENTERING[422]),
        only(ENTERING[422]),
        only(ENTERING[422]),
        403,
        query="period=2023&indicator=T102",
        form={"kind": "elimination", "amount": "-1", "reason": "x", "seen": "0"},
    ),
    _write(
        "/rollups/<unit>/entries/<int(max=2147483647):number>/withdraw",
        EVERYBODY,
        only(ENTERING[404]),
        only(ENTERING[404]),
        only(ENTERING[404]),
        403,
        query="period=2023&indicator=T102",
        form={"reason": "x", "seen": "0"},
    ),
    _page("/rollups/<unit>/origins/", EVERYBODY, 200, 200, 200, 403, query="period=2020&indicator=T102", partner=403),
    _page(
        "/rollups/<unit>/origins/export.<form>",
        EVERYBODY,
        200,
        200,
        200,
        403,
        parts={"form": "csv"},
        query="period=2020&indicator=T102",
        partner=403,
    ),
    _page("/rollups/<unit>/recalculated/", EVERYBODY, 200, 200, 200, 403, partner=403),
    _page(
        "/rollups/<unit>/recalculated/export.<form>",
        EVERYBODY,
        200,
        200,
        200,
        403,
        parts={"form": "csv"},
        partner=403,
    ),
    _page("/submissions/<key>/findings/export.<form>", EITHER, 200, 403, 403, 404, parts={"form": "csv"}),
    _page("/uploads/<uuid:upload_id>/findings.<form>", EITHER, 200, 404, 404, 404, parts={"form": "json"}),
    _page("/submissions/<key>/print", EITHER, 200, 403, 403, 404),
    _page("/submissions/<key>/print", EITHER, 200, 200, 200, 404, parts={"key": ACCEPTED}),
    _page("/submissions/<key>/print.pdf", EITHER, 200, 403, 403, 404),
    _page("/submissions/<key>/print.pdf", EITHER, 200, 200, 200, 404, parts={"key": ACCEPTED}),
    _page("/submissions/<key>/template.<any(xlsx, ods):form>", TASKS, 200, 403, 403, 404, parts={"form": "xlsx"}),
    _page("/uploads/<uuid:upload_id>", TASKS, 200, 404, 404, 404),
    _page("/collections/<key>/batches/", BATCHING, parts={"key": SENT}),
    _page("/batches/<uuid:batch_id>", BATCHING, 200, 404, 404, 404),
    _page("/batches/<uuid:batch_id>/progress", BATCHING, 200, 404, 404, 404),
    _page("/batches/<uuid:batch_id>/file", BATCHING, 404, 404, 404, 404),
    _page("/batches/<uuid:batch_id>/report.<form>", BATCHING, 200, 404, 404, 404),
    _page("/uploads/<uuid:upload_id>/layout", TASKS, 303, 404, 404, 404),
    _page("/uploads/<uuid:upload_id>/progress", TASKS, 200, 404, 404, 404),
    _page("/uploads/<uuid:upload_id>/original", TASKS, 200, 404, 404, 404),
    _page("/uploads/<uuid:upload_id>/annotated.xlsx", TASKS, 200, 404, 404, 404),
    _page("/review/", REVIEWING),
    _page("/review/", REVIEWING, 200, 200, 200, 403, query="unit=d111"),
    _page("/review/lists/<form_code>/<code>/", REVIEWING, parts=CASES),
    _page("/review/lists/<form_code>/<code>/", REVIEWING, 200, 200, 200, 403, parts=CASES, query="unit=d111"),
    _page("/review/lists/<form_code>/<code>/export.<form>", REVIEWING, parts=CASES | {"form": "csv"}),
    _page(
        "/review/lists/<form_code>/<code>/export.<form>",
        REVIEWING,
        200,
        200,
        200,
        403,
        parts=CASES | {"form": "xlsx"},
        query="unit=d111",
    ),
    _page("/review/<key>", REVIEWING, 200, 200, 200, 404, parts={"key": HANDED_IN}),
    _page("/rollups/", EVERYBODY, 302),
    _page("/rollups/<unit>", EVERYBODY, 200, 200, 200, 403, query="period=2020"),
    _page("/admin/", ADMIN),
    _page("/admin/units", ADMIN),
    _page("/help/keys", EVERYBODY, nobody=200, homeless=200),
    _page("/language/<code>", EVERYBODY, 302, nobody=302, homeless=302, parts={"code": "zh"}),
]

OUR_FORMS = [
    _write("/submissions/<key>/sheets/<code>", EITHER, only({FILLER: 303}), 403, 403, 404, form={}),
    _write("/submissions/<key>/sheets/<code>", EITHER, only({FILLER: 200}), 403, 403, 404, method="PATCH", body={"cells": {}}),
    _write("/submissions/<key>/lists/<code>", EITHER, only({FILLER: 303}), 403, 403, 404, parts={"code": "cases"}, form={}),
    _write("/submissions/<key>/lists/<code>", EITHER, only({FILLER: 200}), 403, 403, 404, method="PATCH", parts={"code": "cases"}, body={"rows": {}}),
    _write("/submissions/<key>/lists/<code>/none", EITHER, only({FILLER: 409}), 403, 403, 404, parts={"code": "cases"}, form={"none": "1"}),
    _write("/submissions/<key>/text/<section>", EITHER, only({FILLER: 409}), 403, 403, 404, form={"words": "x", "row_version": "99"}),
    _write("/submissions/<key>/text/<section>", EITHER, only({FILLER: 409}), 403, 403, 404, method="PATCH", body={"words": "x", "row_version": 99}),
    _write("/submissions/<key>/evidence/", EITHER, only({FILLER: 422}), 403, 403, 404, form={}),
    _write("/submissions/<key>/evidence/<digest>/remove", EITHER, only({FILLER: 404}), 403, 403, 404, form={"indicator": "T999"}),
    _write("/submissions/<key>/work/", TASKS, only({FILLER: 303, HEAD: 303, Role.UNIT_ADMIN: 303}), 403, 403, 404, form={}),
    _write("/submissions/<key>/findings/", EITHER, only({FILLER: 422}), 403, 403, 404, form={"finding": "rule_broken~T107-E1~T107"}),
    _write("/submissions/<key>/findings/<finding>/file/remove", EITHER, only({FILLER: 404}), 403, 403, 404, parts={"finding": "a~b~c"}),
    _write("/submissions/<key>/submit", EITHER, only({FILLER: 409, HEAD: 409}), 403, 403, 404, form={"declared": "1", "seen": "0"}),
    _write("/submissions/<key>/actions/<verb>", EITHER, 403, only({REVIEWER: 409}), 403, 404),
    _write("/submissions/<key>/actions/<verb>", EITHER, only({FILLER: 409}), 403, 403, 404, parts={"verb": "receive"}),
    _write("/review/<key>/explanations", REVIEWING, 403, only({REVIEWER: 409}), 403, 404, parts={"key": HANDED_IN}, form={"finding": "a~b~c", "decision": "accepted", "seen": "0"}),
    _write("/review/<key>/waivers", REVIEWING, 403, only({REVIEWER: 404}), 403, 404, parts={"key": HANDED_IN}, form={"finding": "a~b~c", "reason": "x", "expires_on": "2199-01-01"}),
    _page("/review/acceptance/", REVIEWING),
    _page("/review/acceptance/", REVIEWING, 200, 200, 200, 403, query="unit=d111"),
    _write("/review/acceptance/", REVIEWING, 303, form={"chosen": "d111-2023-T:0"}),
    _page("/review/acceptance/<name>", REVIEWING, 302, parts={"name": "0123456789abcdef"}),
    _write("/submissions/<key>/upload", TASKS, only({FILLER: 303}), 403, 403, 404, upload=True),
    _write("/uploads/<uuid:upload_id>/layout", TASKS, only({FILLER: 409}), 404, 404, 404, form={"cell-T101": ""}),
    _write("/uploads/<uuid:upload_id>/apply", TASKS, only({FILLER: 303}), 404, 404, 404, form={"codes": "none"}),
    _write("/collections/<key>/batches/files", BATCHING, only(dict.fromkeys(ORDERING, 422)), parts={"key": SENT}, form={"kind": "x"}),
    _write("/collections/<key>/batches/answers", BATCHING, 403, parts={"key": SENT}, upload=True),
    _write("/batches/<uuid:batch_id>/cancel", BATCHING, only(dict.fromkeys(ORDERING, 303)), 404, 404, 404, form={}),
    _write("/batches/<uuid:batch_id>/enter", BATCHING, 403, 404, 404, 404, form={}),
    _write("/unit", EVERYBODY, 302, 403, 403, 403, form={"unit": "d111"}),
]  # fmt: skip

COLLECTION_PAGES = [
    _page("/collections/", COLLECTING),
    _page("/collections/<key>", COLLECTING, parts={"key": SENT}),
    _page("/collections/new", COLLECTING, only({REVIEWER: 200, Role.UNIT_ADMIN: 200})),
    _write("/collections/new", COLLECTING, only({REVIEWER: 422, Role.UNIT_ADMIN: 422}), form={}),
    _write("/collections/<key>/settings", COLLECTING, 403, parts={"key": SENT}, form={}),
    _write("/collections/<key>/units/<unit>", COLLECTING, 403, 403, only({REVIEWER: 409, Role.UNIT_ADMIN: 409}), 404, parts={"key": SENT}, form={"do": "exempt", "reason": ""}),
    _page("/collections/<key>/rules", COLLECTING, parts={"key": SENT}),
    _page("/collections/<key>/rules/<rule>", COLLECTING, 403, parts={"key": SENT, "rule": "T101-B1"}),
    _write("/collections/<key>/rules/<rule>", COLLECTING, 403, parts={"key": SENT, "rule": "T101-B1"}, form={"severity": "off", "reason": "x"}),
    _write("/collections/<key>/waivers/<uuid:waiver_id>/end", COLLECTING, 404, parts={"key": SENT, "waiver_id": "7c6b2f2e-7f0b-4f6f-8a5d-0d6c0c0f2d11"}, form={"reason": "x"}),
]  # fmt: skip

PEOPLE_PAGES = [
    _page("/people/", PEOPLE),
    _page("/people/new", PEOPLE),
    _page(_PERSON, PEOPLE, 200, 200, 200, only({Role.SYSTEM_ADMIN: 200}, 404)),
    _write("/people/new", PEOPLE, 422, form={}),
    *(
        _write(f"{_PERSON}/{what}", PEOPLE, 422, 422, 422, only({Role.SYSTEM_ADMIN: 422}, 404), form=form)
        for what, form in {
            "details": {"name": ""},
            "roles": {"role": "filler", "unit": "d111", "from": "2024-01-01", "until": "2023-01-01"},
            "deputies": {"unit": "d111", "deputy": "nobody", "until": "2199-01-01"},
        }.items()
    ),
    _write(f"{_PERSON}/roles/<int(max=2147483647):membership_id>/end", PEOPLE, 404, form={}),
    _write(f"{_PERSON}/password", PEOPLE, 200, 200, 200, only({Role.SYSTEM_ADMIN: 200}, 404), form={}),
    _write(f"{_PERSON}/account/<verb>", PEOPLE, 404, form={}),
    _write(
        f"{_PERSON}/account/<verb>", PEOPLE, 303, 303, 303, only({Role.SYSTEM_ADMIN: 303}, 404),
        parts={"verb": "unlock"}, form={},
    ),
]  # fmt: skip

ACCOUNT_PAGES = [
    _page("/account/", EVERYBODY, homeless=200),
    _page("/account/password", EVERYBODY, homeless=200),
    _write("/account/password", EVERYBODY, 422, homeless=422, form={}),
    _write("/account/sessions/<number>/end", EVERYBODY, 404, homeless=404, form={}),
    _write("/account/sessions/end-others", EVERYBODY, 302, homeless=302, form={}),
    _page("/account/keys/new", EVERYBODY),
    _write("/account/keys/new", EVERYBODY, 422, homeless=422, form={}),
    _write("/account/keys/<number>/revoke", EVERYBODY, 404, homeless=404, form={}),
    _page("/account/second-factor/set-up", EVERYBODY, homeless=200),
    _write("/account/second-factor/start", EVERYBODY, 422, homeless=422, form={}),
    _write("/account/second-factor/confirm", EVERYBODY, 422, homeless=422, form={}),
    _page("/account/second-factor/recovery-codes", EVERYBODY, 302, homeless=302),
    _write("/account/second-factor/recovery-codes", EVERYBODY, 302, homeless=302, form={}),
    _page("/account/second-factor/off", EVERYBODY, 302, homeless=302),
    _write("/account/second-factor/off", EVERYBODY, 302, homeless=302, form={}),
    _page("/login/", EVERYBODY, 302, nobody=200, homeless=302),
    _write("/login/", EVERYBODY, 302, nobody=200, homeless=302, form={}),
    _page("/login/code", EVERYBODY, 302, homeless=302),
    _write("/login/code", EVERYBODY, 302, homeless=302, form={}),
    _page("/login/recovery-code", EVERYBODY, 302, homeless=302),
    _write("/login/recovery-code", EVERYBODY, 302, homeless=302, form={}),
    _write("/logout/", EVERYBODY, 302, nobody=302, homeless=302, form={}),
]

_NO_DRAFT = only({Role.SYSTEM_ADMIN: 404})
_NO_CODE = only({Role.SYSTEM_ADMIN: 422})
_DRAFT = "/forms/<code>/draft"
_OF_T = {"code": "T", "place": "rules.0", "verb": "up"}

FORM_PAGES = [
    # p1, further up, is a top unit: its administrators edit forms.
    _page("/forms/", PEOPLE),
    _write("/forms/drafts", PEOPLE, _NO_CODE, _NO_CODE, 422, _NO_CODE, form={"code": "no code"}),
    *(
        _page(f"{_DRAFT}/{page}", PEOPLE, _NO_DRAFT, _NO_DRAFT, 404, _NO_DRAFT, parts=_OF_T)
        for page in ("", "text", "parts/<place>", "preview", "preview.xlsx", "trial", "publish")
    ),
    *(
        _write(
            f"{_DRAFT}/{page}", PEOPLE, _NO_DRAFT, _NO_DRAFT, 404, _NO_DRAFT,
            parts=_OF_T, form={"version": "1", "number": "1"},
        )
        for page in ("text", "parts/<place>", "parts/<place>/<verb>", "changes", "publish", "drop")
    ),
    _page("/forms/<code>/addition/", PEOPLE, only({Role.UNIT_ADMIN: 200}), parts=_OF_T),
    _write("/forms/<code>/addition/draft", PEOPLE, only({Role.UNIT_ADMIN: 404}), parts={"code": "NONE"}, form={}),
    _write("/forms/<code>/addition/join", PEOPLE, only({Role.UNIT_ADMIN: 422}), parts=_OF_T, form={}),
]  # fmt: skip

FRAMEWORK = [
    _page("/audit/", AUDIT),
    _page("/audit/", AUDIT, 200, 200, 200, 403, query="unit=d111"),
    _page("/audit/export.<form>", AUDIT, 200, 200, 200, 403, query="unit=d111"),
    _page("/admin/forms/list/", ADMIN),
    _page("/admin/form-versions/list/", ADMIN),
    _page("/swagger/<version>", ADMIN),
    _page("/roles/list/", ADMIN),
    _page("/roles/show/<pk>", ADMIN),
    _page("/roles/edit/<pk>", ADMIN),
    _write("/roles/edit/<pk>", ADMIN, 404, parts={"pk": "9999"}, form={}),
    _page("/back", EVERYBODY, 302, nobody=302, homeless=302),
    _page("/lang/<string:locale>", EVERYBODY, 302, nobody=302, homeless=302),
    _page("/static/<path:filename>", EVERYBODY, nobody=200, homeless=200),
    _page("/static/appbuilder/<path:filename>", EVERYBODY, 404, nobody=404, homeless=404),
]

DASHBOARDS = [
    _page("/dashboards/", EVERYBODY),
    _page("/dashboards/<path:path>", EVERYBODY),
    _page("/dashboards/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>", EVERYBODY, 404, nobody=404, homeless=404),
    _write("/dashboards/_dash-update-component", EVERYBODY, 422, nobody=401, body={}),
    _page("/dashboards/_dash-layout", EVERYBODY, nobody=401),
    _page("/dashboards/_dash-dependencies", EVERYBODY, nobody=401),
    _page("/dashboards/_favicon.ico", EVERYBODY, nobody=401),
    _page("/dashboards/_reload-hash", EVERYBODY, nobody=401),
    _page("/dashboards/assets/<path:filename>", EVERYBODY, nobody=401, parts={"filename": "dashboards.css"}),
]  # fmt: skip

API = [
    _api("units"),
    _api("units", 200, 200, 200, 403, query="under=d111"),
    _api("units/<unit>", 200, 200, 200, 403),
    _api("forms"),
    _api("forms/<code>", parts={"code": "T"}),
    _api("forms/<code>", 200, 200, 200, 403, parts={"code": "T"}, query="unit=d111&period=2023"),
    _api("collections"),
    _api("submissions", partner=403),
    _api("submissions", 200, 200, 200, 403, query="unit=d111", partner=403),
    _api("submissions/<key>", 200, 200, 200, 404, partner=404),
    _api("submissions/<key>/values", 200, 403, 403, 404, partner=404),
    _api("submissions/<key>/values", 200, 200, 200, 404, parts={"key": ACCEPTED}),
    _api("submissions/<key>/findings", 200, 403, 403, 404, partner=404),
    _api("submissions/<key>/explanations/<finding>/file", 200, 403, 403, 404, partner=404),
    _api("submissions/<key>/receipt", 200, 200, 200, 404, parts={"key": ACCEPTED}, partner=404),
    _api("submissions/<key>/workbook", 200, 403, 403, 404, partner=404),
    _api("uploads/<uuid:upload_id>", 200, 404, 404, 404, partner=404),
    _api("uploads/<uuid:upload_id>/annotated", 200, 404, 404, 404, partner=404),
    _api("batches", query="collection=T-2020", partner=403),
    _api("batches/<uuid:batch_id>", 200, 404, 404, 404, partner=403),
    _api("batches/<uuid:batch_id>/lines", 200, 404, 404, 404, partner=403),
    _api("batches/<uuid:batch_id>/file", 404, 404, 404, 404, partner=403),
    _api("rollups", query="period=2020"),
    _api("rollups", 200, 200, 200, 403, query="period=2020&unit=d111"),
    _api("rollups/series", 200, 200, 200, 403, query="indicator=T101&unit=d111"),
    _api("rollups/recalculated", 200, 200, 200, 403, query="unit=d111", partner=403),
    _api("rollups/entries", 200, 200, 200, 403, query="period=2020&unit=d111", partner=403),
    _api("rollups/differences", 200, 200, 200, 403, query="period=2020&unit=d111"),
    _api("completeness", 200, 200, 200, 403, query="period=2020&unit=d111", partner=403),
    _api("lineage", 200, 200, 200, 403, query="period=2020&unit=d111&indicator=T102", partner=403),
    _api("events", 200, only({AUDITOR: 200, REVIEWER: 200}), only({AUDITOR: 200, REVIEWER: 200}), 403, query="unit=d111", partner=403),
    _api("people", only({Role.UNIT_ADMIN: 200, Role.SYSTEM_ADMIN: 200})),
    _send("collections", 400, body={}),
    _send("collections/<key>/settings", 403, method="PUT", parts={"key": SENT}, body={}),
    _send("submissions/<key>/values", only({FILLER: 200}), 403, 403, 404, method="PATCH", body={"values": {}}, partner=404),
    _send("submissions/<key>/explanations", only({FILLER: 422}), 403, 403, 404, body={"code": "a", "reason_code": "other", "words": ""}, partner=404),
    _send("submissions/acceptances", 200, body={"collection": "T-2023", "seen": {"d111": 0}}),
    _send("submissions/<key>/actions/<verb>", 403, only({REVIEWER: 409}), 403, 404, body={}, partner=404),
    _send("uploads", only({FILLER: 202}), 403, 403, 404, upload=True, form={"unit": "d111", "period": "2023", "form": "T"}, partner=404),
    _send("uploads/<uuid:upload_id>/apply", only({FILLER: 200}), 404, 404, 404, body={"codes": []}, partner=404),
    _send("batches/files", 400, body={"collection": "T-2020"}),
    _send("batches/answers", 403, upload=True, form={"collection": "T-2020"}),
    _send("batches/<uuid:batch_id>/cancel", only(dict.fromkeys(ORDERING, 200)), 404, 404, 404, partner=404),
    _send("batches/<uuid:batch_id>/enter", 403, 404, 404, 404, partner=404),
    _send("security/login", 400, nobody=400, homeless=400, body={}),
    _send("security/refresh", 401, nobody=401, homeless=401),
    Row("GET", "/api/<version>/_openapi", EVERYBODY, 200),
]  # fmt: skip

SLASHED = {
    (row.method, row.rule): replace(row, rule=f"{row.rule}/")
    for row in reversed(API)  # of several, the one that is about no unit
    if row.rule.count("/") == 3 and "<" not in row.rule
}
"""The lists of the API, whose addresses may end with a slash."""

_ONE_REORGANISATION = "/reorganisations/<int(max=2147483647):number>"

REORGANISATION_PAGES = [
    _page("/reorganisations/", PEOPLE),
    _write("/reorganisations/", PEOPLE, 422, form={}),
    _page("/reorganisations/template.xlsx", PEOPLE),
    _page(_ONE_REORGANISATION, PEOPLE, 404),
    *(
        _write(f"{_ONE_REORGANISATION}/{page}", PEOPLE, 404, parts={"verb": "apply"}, form={"version": "1"})
        for page in ("describe", "changes", "changes/<int(max=2147483647):position>/remove", "<verb>")
    ),
]

TABLE = [
    *REORGANISATION_PAGES, *OUR_PAGES, *OUR_FORMS, *COLLECTION_PAGES, *PEOPLE_PAGES, *FORM_PAGES, *ACCOUNT_PAGES, *FRAMEWORK, *DASHBOARDS, *API, *SLASHED.values()
]  # fmt: skip
