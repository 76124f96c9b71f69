"""What a rolled-up number rests on: how many answers there might be in it, and what became of each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Coverage:
    """Counts of units' answers to one indicator; of a number made from shorter periods, of all of these.

    What nobody has handed in is late or still in time. `pending`, `included`, `late` and `in_time` are None for
    somebody whom it is no business how far the units are.

    Attributes:
        expected: answers that ought to be in the number: neither exempt nor declared not applicable.
        reported: answers that are in it.
        not_applicable: answers that it does not apply.
        exempt: units that were exempted from answering.
        pending: handed in, not yet accepted, and not in the number.
        included: handed in, not yet accepted, and nevertheless in the number.
        late: not handed in, and the deadline has passed.
        in_time: not handed in, and the deadline has not passed.
    """

    expected: int
    reported: int
    not_applicable: int
    exempt: int
    pending: int | None
    included: int | None
    late: int | None
    in_time: int | None

    @property
    def unanswered(self) -> int | None:
        """Without an answer to this indicator, although the others of the same submission count."""
        if self.pending is None or self.late is None or self.in_time is None:
            return None
        return self.expected - self.reported - self.pending - self.late - self.in_time

    def __add__(self, other: "Coverage") -> "Coverage":
        return Coverage(
            self.expected + other.expected,
            self.reported + other.reported,
            self.not_applicable + other.not_applicable,
            self.exempt + other.exempt,
            _sum(self.pending, other.pending),
            _sum(self.included, other.included),
            _sum(self.late, other.late),
            _sum(self.in_time, other.in_time),
        )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
