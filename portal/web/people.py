"""Flask-AppBuilder's screens for people: signing in and out, passwords, accounts and roles."""

from typing import Any, ClassVar, cast

from flask_appbuilder import expose
from flask_appbuilder.security.forms import ResetPasswordForm
from flask_appbuilder.security.views import (
    AuthDBView,
    ResetMyPasswordView,
    ResetPasswordView,
    RoleModelView,
    UserDBModelView,
)
from flask_appbuilder.validators import PasswordComplexityValidator
from flask_appbuilder.widgets import ListWidget, ShowWidget
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import DataRequired, EqualTo

from portal.web.language import lazy_gettext as _


class SignInView(AuthDBView):
    """Sign-in with user name or e-mail. The message does not tell a wrong password from a locked account."""

    invalid_login_message = _("用户名或密码不对。连续输错 5 次，账号锁定 15 分钟。")
    title = _("登录")

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Response:
        """Sign out; a link or an image on another site cannot do it."""
        return cast("Response", super().logout())


class PasswordForm(ResetPasswordForm):
    """A new password; the hint says what it must be, by Flask-AppBuilder's own check."""

    password = PasswordField(
        _("新密码"),
        description=_("至少 10 位，其中大写字母至少 2 个、小写字母至少 3 个、数字至少 2 个、特殊字符至少 1 个。"),
        validators=[DataRequired(), PasswordComplexityValidator()],
    )
    conf_password = PasswordField(
        _("再输入一次"), validators=[EqualTo("password", message=_("两次输入的密码不一样。"))]
    )


class OwnPasswordView(ResetMyPasswordView):
    """One's own password."""

    form = PasswordForm
    form_title = _("改密码")
    message = _("密码已改。")


class PasswordView(ResetPasswordView):
    """Somebody else's password, by an administrator."""

    form = PasswordForm
    form_title = _("重设密码")
    message = _("密码已改。")


class UserView(UserDBModelView):
    """People. They are made inactive, never deleted: what they did stays under their name."""

    list_title = _("用户")
    base_permissions: ClassVar = [
        "can_list",
        "can_show",
        "can_add",
        "can_edit",
        "can_userinfo",
        "resetmypassword",
        "resetpasswords",
        "userinfoedit",
    ]
    list_columns: ClassVar = ["last_name", "first_name", "username", "email", "active", "roles"]
    search_columns: ClassVar = ["last_name", "first_name", "username", "email"]
    add_columns: ClassVar = [
        "last_name",
        "first_name",
        "username",
        "email",
        "active",
        "roles",
        "password",
        "conf_password",
    ]
    edit_columns: ClassVar = ["last_name", "first_name", "username", "email", "active", "roles"]
    validators_columns: ClassVar[dict[str, Any]] = {}  # no role of its own is asked for
    description_columns: ClassVar = {
        "username": _("登录用，不能与别人相同。"),
        "active": _("停用后不能登录；做过的事仍记在名下。"),
        "email": _("也可以用来登录。"),
        "roles": _("一般不选：能打开哪些屏幕由所在单位的任职决定。"),
    }


class RoleView(RoleModelView):
    """Roles and what they open. Its widgets are those of every other list."""

    list_title = _("角色与屏幕")
    list_widget = ListWidget
    show_widget = ShowWidget
    base_permissions: ClassVar = ["can_list", "can_show", "can_add", "can_edit"]
    list_columns: ClassVar = ["name"]
