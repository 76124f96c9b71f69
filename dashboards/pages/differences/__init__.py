"""差额: a unit's own report beside the sum of those below it."""
