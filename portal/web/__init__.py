"""The pages, and Flask-AppBuilder kept in its place: login, people, roles and reference lists."""
