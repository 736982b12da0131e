"""Questionnaires that people edit: a draft, and who published each version and why.

What was published stays as it is, under its addresses and version numbers; prescreens keep the version they began with.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

TEXTS = (("author", sa.String(length=200)), ("reason", sa.Text()))


def upgrade() -> None:
    op.add_column("workflow_templates", sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
    op.add_column("workflow_templates", sa.Column("draft", sa.JSON(), nullable=True))
    op.add_column("workflow_templates", sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "workflow_templates", sa.Column("changed_by", sa.String(length=200), server_default="", nullable=False)
    )
    for name, type_ in TEXTS:
        op.add_column("workflow_template_versions", sa.Column(name, type_, server_default="", nullable=False))


def downgrade() -> None:
    # A questionnaire that was never published has no version; the former program reads one of each.
    op.execute("DELETE FROM workflow_templates WHERE current_version = 0")
    for name, _ in TEXTS:
        op.drop_column("workflow_template_versions", name)
    for name in ("changed_by", "changed_at", "draft", "revision"):
        op.drop_column("workflow_templates", name)
