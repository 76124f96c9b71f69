"""Flask-AppBuilder's screens for people: signing in and out, and what roles open."""

from typing import ClassVar

from flask import flash, redirect, request
from flask_appbuilder import expose
from flask_appbuilder.security.forms import LoginForm_db
from flask_appbuilder.security.sqla.models import Role
from flask_appbuilder.security.views import AuthDBView, RoleModelView
from flask_appbuilder.utils.base import get_safe_redirect
from flask_appbuilder.widgets import ListWidget, ShowWidget
from sqlalchemy import inspect
from werkzeug.wrappers import Response

from portal.domain.directory import DirectoryUnavailable, NotAdmitted
from portal.domain.sign_in import SignInRefused, TooManyFailures
from portal.services import events
from portal.web import oidc, signing_in
from portal.web.directories import directories
from portal.web.errors import sentence
from portal.web.identity import current_actor, signed_in
from portal.web.language import lazy_gettext as _
from portal.web.permissions import grant_words
from portal.web.words import ROLES


class SignInView(AuthDBView):
    """Sign-in with user name or e-mail. The message does not tell a wrong password from a locked account."""

    title = _("登录")

    @expose("/login/", methods=["GET", "POST"])
    def login(self) -> Response | str:
        """The form, and where it leads."""
        next_url = get_safe_redirect(request.args.get("next", "/"))
        if signed_in() is not None:
            return redirect(next_url)
        form = LoginForm_db()
        if form.validate_on_submit():
            try:
                passed = signing_in.authenticate(form.username.data, form.password.data)
            except (SignInRefused, TooManyFailures, NotAdmitted, DirectoryUnavailable) as refusal:
                flash(sentence(refusal), "warning")
                return redirect(self.appbuilder.get_url_for_login_with(next_url))
            return signing_in.finish(passed.user_id, passed.method, next_url)
        page: str = self.render_template(
            self.login_template,
            title=self.title,
            form=form,
            appbuilder=self.appbuilder,
            ways=directories().settings.ways,
            next_url=next_url,
        )
        return page

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Response | str:
        """Sign out; a link or an image on another site cannot do it."""
        found = signed_in()
        signing_in.sign_out()
        return oidc.sign_out_there() if found is not None and found.method == oidc.METHOD else redirect("/")


class RoleView(RoleModelView):
    """What the portal's roles open. Its widgets are those of every other list; roles are neither made nor deleted."""

    list_title = _("角色与屏幕")
    list_widget = ListWidget
    show_widget = ShowWidget
    include_route_methods: ClassVar = {"list", "show", "edit"}
    base_permissions: ClassVar = ["can_list", "can_show", "can_edit"]
    list_columns: ClassVar = ["name"]
    formatters_columns: ClassVar = {"name": lambda name: ROLES.get(name, name)}
    edit_columns: ClassVar = ["permissions"]

    def pre_update(self, item: Role) -> None:
        """Put what the role loses and gains on record, in the transaction that Flask-AppBuilder commits next."""
        changes = inspect(item).attrs
        lost, gained = (
            grant_words((each.permission.name, each.view_menu.name) for each in views)
            for views in (changes.permissions.history.deleted, changes.permissions.history.added)
        )
        before: dict[str, object] = {"screens": lost} if lost else {}
        after: dict[str, object] = {"screens": gained} if gained else {}
        if not before and not after:
            return
        session = self.datamodel.session
        events.record_for_portal(session, current_actor(), "screens_changed", item.name, before=before, after=after)
        with session.no_autoflush:
            events.append(session)
