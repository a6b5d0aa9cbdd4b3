"""Visitors by a hash of their cookie: what lies in the database opens nothing. Old events are found by their time."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PLACES = (("consents", "visitor"), ("events", "visitor"), ("shares", "owner"))


def upgrade() -> None:
    hash_visitors(op.get_bind())
    op.create_index("ix_events_at", "events", ["at"])


def hash_visitors(connection: sa.Connection) -> None:
    for name, of in PLACES:
        column: sa.ColumnClause[str] = sa.column(of)
        table = sa.table(name, column)
        for visitor in connection.execute(sa.select(column).distinct()).scalars().all():
            hashed = hashlib.sha256(visitor.encode()).hexdigest()
            connection.execute(sa.update(table).where(column == visitor).values({of: hashed}))


def downgrade() -> None:
    """A hash cannot be turned back; the older code finds nothing under its names, and no harm is done."""
    op.drop_index("ix_events_at", "events", if_exists=True)
