"""What others take to check a filled template: `other_checkers.py frictionless|pandera PACKAGE.json ROUNDS`.

Run by the Python of an environment that has them. PACKAGE is a data package: for each sheet of the workbook its head's
row and what its columns may hold. Prints the milliseconds of each round and how many mistakes the last one found; a
first round, which loads the libraries' own parts, is not counted.
"""

import json
import sys
import time
from pathlib import Path

import pandas as pd
from frictionless import Package
from pandera.errors import SchemaErrors
from pandera.pandas import Check, Column, DataFrameSchema


def frictionless(package):
    report = Package(package).validate()
    return sum(len(task.errors) for task in report.tasks)


def pandera(package):
    described = json.loads(Path(package).read_text(encoding="utf-8"))["resources"]
    schema = DataFrameSchema(
        {
            "指标代码": Column(str, nullable=True),
            "本年数": Column(float, Check.ge(0), nullable=True, coerce=True),
        }
    )
    mistakes = 0
    for each in described:
        head = each["dialect"]["headerRows"][0] - 1
        table = pd.read_excel(
            Path(package).parent / each["path"], sheet_name=each["dialect"]["excel"]["sheet"], header=head
        )
        try:
            schema.validate(table, lazy=True)
        except SchemaErrors as found:
            mistakes += len(found.failure_cases)
    return mistakes


def main(checker, package, rounds):
    check, times, mistakes = globals()[checker], [], 0
    for _round in range(int(rounds) + 1):
        began = time.perf_counter()
        mistakes = check(package)
        times.append((time.perf_counter() - began) * 1000)
    print(json.dumps({"milliseconds": times[1:], "mistakes": mistakes}))


main(*sys.argv[1:])
