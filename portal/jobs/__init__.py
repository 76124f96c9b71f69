"""Background work, through procrastinate: enqueued in the transaction of the row it serves."""
