"""总览: the figures of a unit and everything below it, and the way to the other views."""
