"""Alembic's entry: run the migrations on the connection that `resources.schema` passes in.

Keep out: addresses and settings; a migration runs where its caller says.
"""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table_schema="credit", transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
