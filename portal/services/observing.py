"""Let accepted figures count: written down as observations, and added up the tree at once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import delete, insert, text
from sqlalchemy.orm import Session

from portal.domain.bases import Basis, basis_to_json, looked_at
from portal.domain.forms import FormVersion
from portal.domain.rollup import copied
from portal.domain.units import Level
from portal.models import AcceptedBasis, Observation, Submission
from portal.queries.bases import kept_bases
from portal.queries.bases_now import bases_now
from portal.queries.effective_forms import answered_forms
from portal.queries.figures import Key, key_of, these, versions_named
from portal.queries.rollups.contributing import contributing_beside_copies
from portal.queries.submissions import same_submission
from portal.services.versions import of_version

_PUT = text("""
    select put_observations(:root, :period, :form, :units, :versions, :kinds, :copying_kinds, :copied, :worked_out)
""")


def observe(session: Session, rows: Sequence[Submission]) -> None:
    """Let the figures of accepted submissions of one collection count, and keep what they were worked out from."""
    forms = answered_forms(session, rows)
    _put(session, rows, forms, _keep_bases(session, rows, forms))
    _recompute(session, rows)


def observe_again(session: Session, rows: Sequence[Submission]) -> None:
    """Write down anew what accepted submissions of one collection add; to add it up is left to the caller.

    What was accepted before anything was kept that it was worked out from stays as it is.
    """
    forms = answered_forms(session, rows)
    kept = kept_bases(session, rows, forms)
    told = [row for row in rows if key_of(row) in kept or not looked_at(forms[key_of(row)])]
    if told:
        session.execute(delete(Observation).where(*these(Observation, told)))
        _put(session, told, forms, kept)


def forget(session: Session, row: Submission) -> None:
    """Take a version's figures out of the count."""
    session.execute(delete(Observation).where(*same_submission(Observation, row)))
    _recompute(session, [row])


def _put(
    session: Session, rows: Sequence[Submission], forms: Mapping[Key, FormVersion], bases: Mapping[Key, Basis]
) -> None:
    alike: dict[tuple[int, str], int] = {}  # submissions of one level that answer one form are of one kind
    copies: list[tuple[int, str]] = []
    for row in rows:
        form = forms[key_of(row)]
        kind = (id(form), row.level)
        if kind not in alike:
            alike[kind] = len(alike)
            copies += [(alike[kind], code) for code in copied(form, Level(row.level))]
    asked = versions_named(rows) | {
        "kinds": [alike[id(forms[key_of(row)]), row.level] for row in rows],
        "copying_kinds": [kind for kind, _code in copies],
        "copied": [code for _kind, code in copies],
        "worked_out": _worked_out(session, rows, forms, bases),
    }
    session.execute(_PUT, asked)


def _keep_bases(session: Session, rows: Sequence[Submission], forms: dict[Key, FormVersion]) -> dict[Key, Basis]:
    bases = bases_now(session, rows, forms)
    kept = [of_version(row) | {"figures": basis_to_json(bases[key_of(row)])} for row in rows if key_of(row) in bases]
    if kept:
        session.execute(insert(AcceptedBasis), kept)
    return bases


def _worked_out(
    session: Session, rows: Sequence[Submission], forms: Mapping[Key, FormVersion], bases: Mapping[Key, Basis]
) -> str:
    found = contributing_beside_copies(session, rows, forms, bases)
    return json.dumps(
        [{"unit_id": row.unit_id, **asdict(each)} for row, several in found for each in several], default=str
    )


def _recompute(session: Session, rows: Sequence[Submission]) -> None:
    session.execute(
        text("select recompute_rollup(:root, :period, :units)"),
        {"root": rows[0].root_id, "period": rows[0].period_code, "units": [row.unit_id for row in rows]},
    )
