"""Players looked up, consent, and what was picked."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "players",
        sa.Column("track_id", sa.String(64), primary_key=True),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("video_id", sa.String(16)),
        sa.Column("other_ids", sa.Text, nullable=False, server_default=""),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "consents",
        sa.Column("visitor", sa.String(64), primary_key=True),
        sa.Column("given", sa.Boolean, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("visitor", sa.String(64), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("clip_sha256", sa.String(64)),
        sa.Column("emotion", sa.String(16)),
        sa.Column("track_id", sa.String(64)),
        sa.Column("artist", sa.Text),
        sa.Column("title", sa.Text),
        sa.Column("video_id", sa.String(16)),
        sa.Column("detail", sa.Text),
    )
    op.create_index("ix_events_visitor", "events", ["visitor"])


def downgrade() -> None:
    op.drop_index("ix_events_visitor", "events")
    for table in ("events", "consents", "players"):
        op.drop_table(table)
