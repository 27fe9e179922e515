"""How the schema came to be; `alembic upgrade head` or `python -m app migrate` applies it."""
