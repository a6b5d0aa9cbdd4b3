"""What guests of a shared result say: a vote for a cue's song, and short notes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ballots",
        sa.Column("share", sa.String(64), primary_key=True),
        sa.Column("cue", sa.Integer, primary_key=True),
        sa.Column("voter", sa.String(64), primary_key=True),
        sa.Column("song", sa.String(64), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("share", sa.String(64), nullable=False),
        sa.Column("cue", sa.Integer, nullable=False),
        sa.Column("voter", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_index("ix_notes_share", "notes", ["share"])
    op.create_table("ended_votes", sa.Column("share", sa.String(64), primary_key=True))


def downgrade() -> None:
    op.drop_table("ended_votes")
    op.drop_index("ix_notes_share", "notes")
    op.drop_table("notes")
    op.drop_table("ballots")
