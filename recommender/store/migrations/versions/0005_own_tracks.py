"""The index of the editor's own music."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "own_tracks",
        sa.Column("path", sa.String(4096), primary_key=True),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("model", sa.String(32), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("sound", sa.Text),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_index("ix_own_tracks_fingerprint", "own_tracks", ["fingerprint"])


def downgrade() -> None:
    op.drop_index("ix_own_tracks_fingerprint", "own_tracks")
    op.drop_table("own_tracks")
