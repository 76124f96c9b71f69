"""The sums of a nation by numpy over a ready array: `numpy_sums.py FIGURES SHAPE.json`.

Run by the Python of an environment that has it. FIGURES are int64 by year, indicator and district, districts in the
order of the tree; SHAPE says how many of each there are, and at which district each city of the province asked about
and each province begins. Prints the milliseconds of each question, the best of some rounds, and its answer.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

ROUNDS = 20


def answers(figures, shape):
    first, last = shape["cities"][0], shape["province_ends"]
    cities = np.array(shape["cities"]) - first
    return {
        "province": lambda: np.add.reduceat(figures[-1][:, first:last], cities, axis=1).T,
        "ranking": lambda: np.sort(figures[-1][0])[::-1],
        "years": lambda: np.add.reduceat(figures[:, 0, :], shape["provinces"], axis=1),
    }


def main(path, described):
    shape = json.loads(Path(described).read_text(encoding="utf-8"))
    figures = np.fromfile(path, dtype=np.int64).reshape(shape["years"], shape["indicators"], shape["districts"])
    found = {}
    for name, ask in answers(figures, shape).items():
        times = []
        for _round in range(ROUNDS):
            began = time.perf_counter()
            answer = ask()
            times.append(time.perf_counter() - began)
        found[name] = {"milliseconds": min(times) * 1000, "answer": answer.ravel().tolist()}
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
