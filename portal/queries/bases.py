"""What accepted versions were worked out from elsewhere, as it was looked at when they were accepted."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from portal.domain.bases import Basis, basis_from_json, looked_at
from portal.domain.forms import FormVersion
from portal.models import AcceptedBasis, Submission
from portal.queries.figures import Key, key_of, of_versions, rows_of_versions

_FIGURES = of_versions(AcceptedBasis, AcceptedBasis.figures)


def kept_bases(
    session: Session, rows: Sequence[Submission], forms: Mapping[Key, FormVersion], *, version: int | None = None
) -> dict[Key, Basis]:
    """Those of the submissions' current versions, unless one is named, each by the form it answers.

    Versions that were not accepted have none, nor have those of forms that look at nothing else.
    """
    asked = [row for row in rows if looked_at(forms[key_of(row)])]
    if not asked:
        return {}
    found = rows_of_versions(session, _FIGURES, asked, version=version)
    return {key: basis_from_json(forms[key], row.figures) for key, row in found}
