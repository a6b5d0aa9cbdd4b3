"""Prints of how own tracks sound: one recording in two codings counts once."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("own_tracks", sa.Column("seconds", sa.Float))
    op.add_column("own_tracks", sa.Column("sound_print", sa.LargeBinary))
    op.add_column("own_tracks", sa.Column("same_as", sa.String(64)))


def downgrade() -> None:
    for name in ("seconds", "sound_print", "same_as"):
        op.drop_column("own_tracks", name)
