"""Forms, read whole; a published version never changes, so that it is read from the database once per process."""

from dataclasses import dataclass

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from portal.domain.form_file import form_from_dict
from portal.domain.forms import FormVersion
from portal.domain.periods import Period
from portal.errors import NotFound
from portal.models import Collection
from portal.models import FormVersion as FormVersionRow

_parsed: dict[str, FormVersion] = {}  # by digest of the definition, so that it can never be out of date


@dataclass(frozen=True)
class FormSummary:
    """One version in a list."""

    id: int
    code: str
    number: int
    name: str
    name_en: str
    digest: str


def list_forms(session: Session) -> list[FormSummary]:
    """Every version of every form, by code and number."""
    rows = session.execute(
        select(FormVersionRow.id, FormVersionRow.form_code, FormVersionRow.number, FormVersionRow.digest).order_by(
            FormVersionRow.form_code, FormVersionRow.number
        )
    )
    found = []
    for version_id, code, number, digest in rows:
        name = version(session, version_id).name
        found.append(FormSummary(version_id, code, number, name.zh, name.en, digest))
    return found


def find_form(session: Session, code: str, number: int | None = None) -> FormVersion | None:
    """A version of a form, the newest unless named; None if there is none."""
    query = select(FormVersionRow.id).where(FormVersionRow.form_code == code)
    if number is not None:
        query = query.where(FormVersionRow.number == number)
    version_id = session.scalar(query.order_by(FormVersionRow.number.desc()).limit(1))
    return None if version_id is None else version(session, version_id)


def get_form(session: Session, code: str, number: int | None = None) -> FormVersion:
    """A version of a form, the newest unless named.

    Raises:
        NotFound: there is none.
    """
    form = find_form(session, code, number)
    if form is None:
        raise NotFound("form", code if number is None else f"{code} v{number}")
    return form


def find_before(session: Session, form: FormVersion) -> FormVersion | None:
    """The published version right before one that is yet to be published, or that is; None if it is the first."""
    query = select(FormVersionRow.id).where(FormVersionRow.form_code == form.code, FormVersionRow.number < form.number)
    version_id = session.scalar(query.order_by(FormVersionRow.number.desc()).limit(1))
    return None if version_id is None else version(session, version_id)


def way_to(session: Session, form: FormVersion, other: FormVersion) -> list[FormVersion]:
    """The form, published or not, and the versions from it to another, this one included, step by step."""
    if form.number == other.number:
        return [form]
    column = FormVersionRow.number
    first, last = sorted((form.number, other.number))
    between = (
        select(FormVersionRow.id)
        .where(FormVersionRow.form_code == form.code, column > first, column < last)
        .order_by(column if form.number == first else column.desc())
    )
    return [form, *(version(session, version_id) for version_id in session.scalars(between)), other]


def version_meant(session: Session, form: FormVersion, other: str, code: str) -> FormVersion | None:
    """The version of another form in whose words and measures a form speaks of one of its indicators.

    It was written against the newest that there was: a later one, perhaps in another unit of measure, changes nothing
    about what is meant. A form that is not published means the newest, and one that was published before the other form
    had the indicator the first that has it. What units added to a form means what the form means.
    """
    own = (FormVersionRow.form_code == form.code, FormVersionRow.number == form.number)
    own_id = select(FormVersionRow.id).where(*own).scalar_subquery()
    before = func.coalesce(FormVersionRow.id < own_id, true())
    query = (
        select(FormVersionRow.id, FormVersionRow.digest, before)
        .where(FormVersionRow.form_code == other)
        .order_by(FormVersionRow.number)
    )
    rows = [(parsed(session, version_id, digest), known) for version_id, digest, known in session.execute(query).all()]
    having = [(each, known) for each, known in rows if code in each.by_code]
    return next((each for each, known in reversed(having) if known), next((each for each, _known in having), None))


def collected_version(session: Session, root_id: int, form_code: str, period: Period) -> FormVersion | None:
    """The version of a form that was collected for a period; None if none was."""
    key = (root_id, str(period), form_code)
    collection = session.get(Collection, key)
    return None if collection is None else version(session, collection.form_version_id)


def version(session: Session, version_id: int) -> FormVersion:
    """The version with that id."""
    digest = session.scalar(select(FormVersionRow.digest).where(FormVersionRow.id == version_id))
    if digest is None:
        raise NotFound("form", version_id)
    return parsed(session, version_id, digest)


def parsed(session: Session, version_id: int, digest: str) -> FormVersion:
    """The version with that id and digest."""
    if digest not in _parsed:
        _parsed[digest] = form_from_dict(session.get_one(FormVersionRow, version_id).definition)
    return _parsed[digest]


def form_of_indicator(session: Session, indicator: str) -> FormVersion:
    """The newest form that has the indicator.

    Raises:
        NotFound: no form has it.
    """
    for summary in reversed(list_forms(session)):
        form = version(session, summary.id)
        if indicator in form.by_code:
            return form
    raise NotFound("indicator", indicator)
