"""Database migrations; `alembic upgrade head` or `python -m app migrate` applies them."""
