"""Changes to one's own account: they are made in a browser, by somebody who knows the password."""

from portal.db import identity_transaction
from portal.domain.sign_in import SignInRefused, TooManyFailures
from portal.queries.accounts import find_credentials_by_id
from portal.web.errors import sentence
from portal.web.identity import NotSignedIn, SignedIn, signed_in
from portal.web.language import gettext as _
from portal.web.sessions import bearer
from portal.web.signing_in import authenticate


def in_browser() -> SignedIn:
    """The person signed in with this browser.

    Raises:
        NotSignedIn: nobody is; a program with a token or a key is not let in here.
    """
    found = None if bearer() else signed_in()
    if found is None:
        raise NotSignedIn
    return found


def has_password(me: SignedIn) -> bool:
    """Whether there is a password to ask for: whoever came from an identity provider has none here."""
    return me.method != "oidc"


def confirm_password(me: SignedIn, password: str) -> None:
    """Make sure that the person still sits there; a wrong password counts as a failure to sign in.

    Raises:
        SignInRefused: it is not their password, or there were too many failures.
        TooManyFailures: there were too many from this address.
    """
    if not has_password(me):
        return
    with identity_transaction() as session:
        username = find_credentials_by_id(session, me.user_id).username
    if authenticate(username, password).user_id != me.user_id:
        raise SignInRefused


def refused_password(refusal: SignInRefused | TooManyFailures) -> str:
    """What to say beside the box for the password."""
    if isinstance(refusal, TooManyFailures):
        return sentence(refusal)
    return _("密码不对。连续输错 5 次，账号锁定 15 分钟。")
