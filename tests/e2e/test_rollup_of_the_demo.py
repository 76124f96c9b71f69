"""What `huizong rollup` says of a whole province equals what its accepted figures, read one by one, add up to."""

import json
import urllib.request
from collections import Counter
from decimal import Decimal
from typing import Any

import yaml

from tests.e2e.conftest import ROOT, Portal

FORM = ROOT / "portal" / "reference" / "forms" / "FZ.yaml"
TOLERANCE = Decimal("1e-18")


class Reader:
    """Reads the API as the province's reviewer."""

    def __init__(self, portal: Portal, username: str) -> None:
        self.portal = portal
        body = {"username": username, "password": portal.accounts[username], "provider": "db"}
        self.token = ""
        self.token = self.ask("/api/v1/security/login", body)["access_token"]

    def ask(self, path: str, body: dict | None = None) -> dict[str, Any]:
        request = urllib.request.Request(
            self.portal.address + path,
            data=json.dumps(body).encode() if body else None,
            headers={"Content-Type": "application/json"}
            | ({"Authorization": f"Bearer {self.token}"} if self.token else {}),
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def accepted(self, period: str) -> dict[str, dict[str, Any]]:
        """Values of the yearly report by submission key."""
        keys, page = [], 1
        while True:
            part = self.ask(f"/api/v1/submissions?form=FZ&period={period}&state=accepted&page={page}&page_size=100")
            keys += [item["key"] for item in part["items"]]
            if len(keys) >= part["count"]:
                break
            page += 1
        return {key: self.ask(f"/api/v1/submissions/{key}/values")["values"] for key in keys}


def number(values: dict[str, Any], code: str) -> Decimal | None:
    text = values.get(code, {}).get("number")
    return None if text is None else Decimal(text)


def numbers(accepted: list[dict[str, Any]], code: str) -> list[Decimal]:
    return [found for values in accepted if (found := number(values, code)) is not None]


def difference(values: dict[str, Any], expression: str) -> Decimal | None:
    """`A` or `A-B`: all that the form's ratios are made of; what does not apply counts as nothing."""
    terms = []
    for code in expression.split("-"):
        value = values.get(code, {})
        if value.get("status") == "not_applicable":
            terms.append(Decimal(0))
        elif "number" in value:
            terms.append(Decimal(value["number"]))
        else:
            return None
    return terms[0] - sum(terms[1:])


def expected(indicator: dict[str, Any], accepted: list[dict[str, Any]]) -> Decimal | None:
    way = indicator["roll_up"]
    way = {"how": way} if isinstance(way, str) else way
    code = indicator["code"]
    match way["how"]:
        case "sum":
            found = numbers(accepted, way.get("of", code))
            return sum(found) if found else None
        case "ratio_of_sums":
            pairs = [
                (above, below)
                for values in accepted
                if (above := difference(values, way["numerator"])) is not None
                and (below := difference(values, way["denominator"])) is not None
            ]
            return sum(a for a, _ in pairs) * Decimal(str(way.get("multiplier", 1))) / sum(b for _, b in pairs)
        case "weighted_mean":
            pairs = [
                (rate, weight)
                for values in accepted
                if (rate := number(values, code)) is not None and (weight := number(values, way["weight"])) is not None
            ]
            return sum(rate * weight for rate, weight in pairs) / sum(weight for _, weight in pairs)
        case "count_yes":
            return Decimal(sum(values.get(code, {}).get("text") == "是" for values in accepted))
        case _:
            return None


def test_every_indicator_of_the_province(portal_server: Portal) -> None:
    accepted = list(Reader(portal_server, "440000_reviewer").accepted("2023").values())
    assert len(accepted) > 50
    done = portal_server.run("rollup", "--unit", "440000", "--period", "2023", "--format", "json")
    rows = {row["indicator"]: row for row in json.loads(done.stdout)}
    form = yaml.safe_load(FORM.read_text(encoding="utf-8"))
    kinds, adjusted = Counter(), []
    for sheet in form["sheets"]:
        for indicator in sheet["indicators"]:
            row, wanted = rows[indicator["code"]], expected(indicator, accepted)
            told = row["original"] or row["value"]  # before what a city took out as counted twice
            found = Decimal(told) if told and ":" not in told else None
            if wanted is None:
                assert found is None, indicator["code"]
            else:
                assert abs(found - wanted) <= TOLERANCE * max(abs(wanted), 1), indicator["code"]
            way = indicator["roll_up"]
            if row["original"]:
                entered = sum(Decimal(row[kind] or 0) for kind in ("eliminated", "adjusted"))
                assert Decimal(row["value"]) == Decimal(row["original"]) + entered
                adjusted.append(indicator["code"])
            kinds[way if isinstance(way, str) else way["how"]] += 1
    assert set(kinds) == {"sum", "ratio_of_sums", "weighted_mean", "count_yes", "distribution", "range", "none"}
    assert adjusted == ["FZ0801", "FZ0901", "FZ0903"]
    grades = Counter(values["FZ0803"]["text"] for values in accepted if "text" in values["FZ0803"])
    assert rows["FZ0803"]["value"] == ";".join(
        f"{grade}:{grades[grade]}" for grade in ("优秀", "良好", "合格", "不合格", "未评议") if grade in grades
    )
    standards = numbers(accepted, "FZ0603")
    assert (Decimal(rows["FZ0603"]["minimum"]), Decimal(rows["FZ0603"]["maximum"])) == (min(standards), max(standards))
