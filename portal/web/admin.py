"""The administration screens: people and roles are Flask-AppBuilder's own, reference lists are only read here."""

from typing import Any, ClassVar

from flask import Blueprint, current_app, render_template, request
from flask_appbuilder import AppBuilder, ModelView
from flask_appbuilder.models.sqla.interface import SQLAInterface

from portal.db import transaction
from portal.models import Form, FormVersion
from portal.queries.units import list_units
from portal.web.access import guarded_blueprint
from portal.web.language import lazy_gettext as _
from portal.web.screens import ADMIN


class FormView(ModelView):
    """Forms through their versions."""

    datamodel = SQLAInterface(Form)
    route_base = "/admin/forms"
    include_route_methods: ClassVar = {"list"}
    base_permissions: ClassVar = ["can_list"]
    list_title = _("报表制度")
    list_columns: ClassVar = ["code", "name", "name_en"]
    search_columns: ClassVar = ["code", "name", "name_en"]
    label_columns: ClassVar = {"code": _("代码"), "name": _("名称"), "name_en": _("英文名称")}


class FormVersionView(ModelView):
    """Published versions: they never change."""

    datamodel = SQLAInterface(FormVersion)
    route_base = "/admin/form-versions"
    include_route_methods: ClassVar = {"list"}
    base_permissions: ClassVar = ["can_list"]
    list_title = _("报表制度的版本")
    list_columns: ClassVar = ["form_code", "number", "digest", "published_at"]
    search_columns: ClassVar = ["form_code", "number"]
    # For its add and edit pages, which do not exist here, Flask-AppBuilder would look for a field for a document.
    add_columns: ClassVar = ["number"]
    edit_columns: ClassVar = ["number"]
    label_columns: ClassVar = {
        "form_code": _("代码"),
        "number": _("版本"),
        "digest": _("摘要（SHA-256）"),
        "published_at": _("发布时间"),
    }


def register(appbuilder: AppBuilder) -> Blueprint:
    """Add the reference lists to Flask-AppBuilder, and give the pages around them."""
    appbuilder.add_view_no_menu(FormView)
    appbuilder.add_view_no_menu(FormVersionView)
    pages = guarded_blueprint("admin", __name__, ADMIN, url_prefix="/admin")
    pages.add_url_rule("/", "index", index)
    pages.add_url_rule("/units", "units", units)
    return pages


def index() -> str:
    """The administration screens open to this person."""
    security: Any = current_app.extensions["appbuilder"].sm
    entries = [
        (security.rolemodelview.__name__, _("角色与屏幕"), _("每个角色能打开哪些屏幕。")),
        (FormView.__name__, FormView.list_title, ""),
        (FormVersionView.__name__, FormVersionView.list_title, ""),
    ]
    open_ones = [entry for entry in entries if security.has_access("can_list", entry[0])]
    return render_template("admin.html", entries=open_ones)


def units() -> str:
    """Units of today's tree. They change through `huizong units import`, which checks them as a whole."""
    sought = request.args.get("q", "").strip()
    with transaction(None) as session:
        rows = [unit for unit in list_units(session) if sought in unit.name or unit.code.startswith(sought)]
    return render_template("units.html", rows=rows, sought=sought)
