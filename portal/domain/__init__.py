"""What the field knows: periods, units, forms, values, rules, roll-ups, rights. Plain Python, no I/O."""
