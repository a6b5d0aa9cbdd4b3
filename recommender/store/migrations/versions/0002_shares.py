"""Results that were shared by a link."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shares",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("clip", sa.String(80)),
        sa.Column("bytes", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_shares_owner", "shares", ["owner"])
    op.create_index("ix_shares_expires", "shares", ["expires"])


def downgrade() -> None:
    op.drop_index("ix_shares_expires", "shares")
    op.drop_index("ix_shares_owner", "shares")
    op.drop_table("shares")
