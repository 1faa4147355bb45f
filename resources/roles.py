"""Database roles: what the service and the dashboard may do, and nothing else.

Here: the two group roles, what each may do with each table, and connections that act as
one. Add a table here when a migration makes one that either needs. Keep out: users and
passwords; an administrator makes them and puts them into a role.

    credit_service   inserts decisions, outcomes and log lines; reads what it serves
    credit_reader    reads everything but the API keys

Roles belong to the whole server: databases of one server share them, and what they may do
is granted in each. Partitions need no grants: what goes through their parent is checked there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psycopg

from credit_risk.errors import SettingsError
from resources.database import CONNECT_TIMEOUT_S, Connection, Database, open_database
from resources.settings import Settings

SERVICE = "credit_service"
READER = "credit_reader"

SCHEMA = "credit"
REGISTRY_SCHEMA = "mlflow"

# Any fixed number: two that apply grants at once meet on it.
GRANTS_LOCK = 7_305_120_013

# Columns of `api_keys` that it takes to check a key; who made it, and for whom, it does not.
KEY_COLUMNS = ("key_id", "secret_sha256", "roles", "rate_limit_per_minute", "revoked_at")

# SELECT beside INSERT where a repeated write must be told from a new one, or where it is served again.
SERVICE_TABLES: Mapping[str, frozenset[str]] = {
    "decisions": frozenset({"INSERT", "SELECT"}),
    "predictions": frozenset({"INSERT", "SELECT"}),
    "feature_sets": frozenset({"INSERT", "SELECT"}),
    "idempotency_keys": frozenset({"INSERT", "SELECT"}),
    "outcomes": frozenset({"INSERT", "SELECT"}),
    "api_logs": frozenset({"INSERT"}),
    "online_features": frozenset({"SELECT"}),
    "live_models": frozenset({"SELECT"}),
    "drift_reports": frozenset({"SELECT"}),
    "performance_reports": frozenset({"SELECT"}),
    "decision_archives": frozenset({"SELECT"}),
    # RETURNING reads what was inserted.
    "late_months": frozenset({"INSERT", "SELECT"}),
}

NOT_FOR_READERS = frozenset({"api_keys"})

# What MLflow's client reads on the way from an alias to the files of a model. Its other tables
# hold what the service does not serve, secrets of gateways among them.
REGISTRY_TABLES = (
    "alembic_version",
    "experiments",
    "experiment_tags",
    "registered_models",
    "registered_model_tags",
    "registered_model_aliases",
    "model_versions",
    "model_version_tags",
    "logged_models",
    "logged_model_metrics",
    "logged_model_params",
    "logged_model_tags",
    "runs",
    "params",
    "tags",
    "metrics",
    "latest_metrics",
    "inputs",
    "input_tags",
    "datasets",
    "workspaces",
)
# It also asks whether there is a webhook of another workspace; what signs them is not its to read.
REGISTRY_COLUMNS: Mapping[str, tuple[str, ...]] = {"webhooks": ("webhook_id", "workspace")}


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One privilege on a table, or on one column of it."""

    schema: str
    table: str
    privilege: str
    column: str = ""

    def sql(self, role: str, *, revoke: bool = False) -> str:
        """The statement that grants it, or takes it back."""
        what = f'{self.privilege} ("{self.column}")' if self.column else self.privilege
        verb, preposition = ("REVOKE", "FROM") if revoke else ("GRANT", "TO")
        return f'{verb} {what} ON {self.schema}."{self.table}" {preposition} {role}'


def prepare_roles(connection: Connection) -> list[str]:
    """Make the roles and let each do what it is for. The caller commits.

    Idempotent, and safe to run in two databases of one server at once.

    Returns:
        What an administrator must run first, as SQL, because this user may not; empty when all is well.
    """
    wanting = [statement for role in (SERVICE, READER) for statement in _make(connection, role)]
    apply_grants(connection)
    return wanting


def apply_grants(connection: Connection) -> list[str]:
    """Let each role that exists do exactly what it is for; privileges beyond that are taken back.

    Run it in the transaction that replaces a table: grants go with the table. The caller
    commits. Returns the statements that it took; none when nothing was to change.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [GRANTS_LOCK])
    statements = []
    relations = _relations(connection)
    for role in filter(lambda role: _exists(connection, role), (SERVICE, READER)):
        wanted = _wanted(role, relations)
        found = _granted(connection, role)
        statements += _usage(connection, role, {grant.schema for grant in wanted} | {SCHEMA})
        statements += [grant.sql(role, revoke=True) for grant in sorted(found - wanted)]
        statements += [grant.sql(role) for grant in sorted(wanted - found)]
    for statement in statements:
        connection.execute(statement)
    return statements


class RoleDatabase(Database):
    """A database whose connections act as a role, where the user of the address may.

    It separates duties, not attackers: who can run SQL on such a connection can also leave the
    role. So a server without the role is worked with as the owner, and `why_not_role` says it;
    an address of the role's own is what keeps attackers out.
    """

    def __init__(self, url: str, role: str) -> None:
        super().__init__(url)
        self.role = role

    def connect(self, *, autocommit: bool = False, connect_timeout: float = CONNECT_TIMEOUT_S) -> Connection:
        """A connection that acts as the role."""
        connection = super().connect(autocommit=True, connect_timeout=connect_timeout)
        try:
            connection.execute(f"SET ROLE {self.role}")
        except (psycopg.errors.InvalidParameterValue, psycopg.errors.InsufficientPrivilege):
            pass
        except BaseException:
            connection.close()
            raise
        connection.autocommit = autocommit
        return connection

    def ensure_schema(self, schema: str) -> None:
        """Make a schema as the owner: it is for a library that connects by the address, not by the role."""
        Database(self.url).ensure_schema(schema)


def open_service_database(settings: Settings) -> Database:
    """The database as the service may use it. Raises as `open_database` does."""
    return _open_as(SERVICE, settings, settings.service_database_url, "CREDIT_SERVICE_DATABASE_URL")


def open_reader_database(settings: Settings) -> Database:
    """The database as the dashboard may use it. Raises as `open_database` does."""
    return _open_as(READER, settings, settings.reader_database_url, "CREDIT_READER_DATABASE_URL")


def why_not_role(connection: Connection, role: str) -> str | None:
    """Why this connection does not act as the role and nothing more, with what to do; None when it does."""
    row = connection.execute("SELECT current_user, current_setting('is_superuser') = 'on'").fetchone()
    assert row is not None
    user, superuser = row
    if user == role and not superuser:
        return None
    if not _exists(connection, role):
        return (
            f"found no role {role} on the database server; expected its rights and no others; "
            f"as an administrator run `CREATE ROLE {role} NOLOGIN; GRANT {role} TO {user}`, then `credit db upgrade`"
        )
    owner = connection.execute("SELECT pg_has_role(%s::regrole, nspowner, 'MEMBER') FROM pg_namespace"
                               " WHERE nspname = %s", [user, SCHEMA]).fetchone()  # fmt: skip
    member = connection.execute("SELECT pg_has_role(%s::regrole, %s::regrole, 'USAGE')", [user, role]).fetchone()
    if member and member[0] and not superuser and not (owner and owner[0]):
        return None
    return (
        f"found the database user {user}, which is not held to the rights of {role}; expected them and no others; "
        f"as an administrator run `GRANT {role} TO {user}`, or use a user that is in {role} alone"
    )


def _open_as(role: str, settings: Settings, url: str | None, name: str) -> Database:
    if url is None:
        return RoleDatabase(open_database(settings).url, role)
    try:
        return open_database(settings.model_copy(update={"database_url": url}))
    except SettingsError as error:
        named = [text.replace("DATABASE_URL", name) for text in (error.found, error.expected, error.remedy)]
        raise SettingsError(named[0], expected=named[1], remedy=named[2], fields=error.fields) from None


def _make(connection: Connection, role: str) -> Iterable[str]:
    if not _exists(connection, role):
        try:
            with connection.transaction():
                connection.execute(f"CREATE ROLE {role} NOLOGIN")
        except psycopg.errors.InsufficientPrivilege:
            yield f"CREATE ROLE {role} NOLOGIN"
            yield f"GRANT {role} TO {connection.info.user}"
            return
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            # Another database's upgrade was faster.
            pass
    if not _may_become(connection, role):
        try:
            # Since PostgreSQL 16 who makes a role may hand it out, but is not in it.
            with connection.transaction():
                connection.execute(f"GRANT {role} TO CURRENT_USER")
        except psycopg.errors.InsufficientPrivilege:
            yield f"GRANT {role} TO {connection.info.user}"


def _may_become(connection: Connection, role: str) -> bool:
    try:
        with connection.transaction():
            connection.execute(f"SET LOCAL ROLE {role}")
            connection.execute("RESET ROLE")
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def _exists(connection: Connection, role: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is not None


def _relations(connection: Connection) -> set[tuple[str, str, bool]]:
    """Schema, name, and whether it is a table, of everything that may be granted. No partitions."""
    query = """
        SELECT n.nspname, c.relname, c.relkind IN ('r', 'p')
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT c.relispartition AND c.relkind IN ('r', 'p', 'v', 'm')
          AND (n.nspname = %s OR n.nspname = %s AND c.relname = ANY(%s))
          AND pg_has_role(c.relowner, 'USAGE')
    """
    return set(connection.execute(query, [SCHEMA, REGISTRY_SCHEMA, [*REGISTRY_TABLES, *REGISTRY_COLUMNS]]).fetchall())


def _wanted(role: str, relations: set[tuple[str, str, bool]]) -> set[Grant]:
    registry = {
        Grant(schema, table, "SELECT", column)
        for schema, table, _ in relations
        if schema == REGISTRY_SCHEMA
        for column in REGISTRY_COLUMNS.get(table, ("",))
    }
    ours = {(table, is_table) for schema, table, is_table in relations if schema == SCHEMA}
    if role == READER:
        return registry | {Grant(SCHEMA, table, "SELECT") for table, _ in ours - {(t, True) for t in NOT_FOR_READERS}}
    grants = {
        Grant(SCHEMA, table, privilege)
        for table, is_table in ours
        for privilege in SERVICE_TABLES.get(table, frozenset())
        # A view is for reading; what is inserted goes into the table behind it.
        if is_table or privilege == "SELECT"
    }
    keys = {Grant(SCHEMA, "api_keys", "SELECT", column) for column in KEY_COLUMNS if ("api_keys", True) in ours}
    return registry | grants | keys


def _granted(connection: Connection, role: str) -> set[Grant]:
    query = """
        SELECT n.nspname, c.relname, a.privilege_type, ''
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
        WHERE n.nspname = ANY(%(schemas)s) AND a.grantee = %(role)s::regrole
          AND c.relkind IN ('r', 'p', 'v', 'm') AND pg_has_role(c.relowner, 'USAGE')
        UNION ALL
        SELECT n.nspname, c.relname, a.privilege_type, t.attname
        FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace,
             aclexplode(t.attacl) a
        WHERE n.nspname = ANY(%(schemas)s) AND a.grantee = %(role)s::regrole AND NOT t.attisdropped
          AND pg_has_role(c.relowner, 'USAGE')
    """
    found = connection.execute(query, {"schemas": [SCHEMA, REGISTRY_SCHEMA], "role": role})
    return {Grant(*row) for row in found}


def _usage(connection: Connection, role: str, schemas: set[str]) -> list[str]:
    query = """
        SELECT nspname FROM pg_namespace WHERE nspname = ANY(%(schemas)s) AND NOT EXISTS (
            SELECT FROM aclexplode(nspacl) a WHERE a.grantee = %(role)s::regrole AND a.privilege_type = 'USAGE')
    """
    missing = connection.execute(query, {"schemas": sorted(schemas), "role": role})
    return [f'GRANT USAGE ON SCHEMA "{schema}" TO {role}' for (schema,) in missing]
