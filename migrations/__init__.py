"""The schema's history, through Alembic."""
