"""What the dashboards share: data sources, queries, panels with a question, variables, links.

Here: the platform's way of using the builders of `grafana_foundation_sdk`. Keep out: what a dashboard
shows.
"""

from typing import Any

from grafana_foundation_sdk.builders import barchart, common, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import prometheus as prometheus_builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    DataSourceRef,
    GraphThresholdsStyleMode,
    StackingMode,
    TimeZoneUtc,
)

# The identities that `provisioning/datasources` gives them. Dashboards refer to nothing else.
PROMETHEUS = DataSourceRef(type_val="prometheus", uid="credit-prometheus")
POSTGRES = DataSourceRef(type_val="grafana-postgresql-datasource", uid="credit-postgres")

# Every dashboard has it, so that each finds the others.
TAG = "credit"
REFRESH = "1m"

# Links beside the variables; the builder's default is inside a menu.
VISIBLE = ""

GREEN, YELLOW, RED, BLUE = "green", "orange", "red", "blue"
STATUS_COLOURS = {"ok": GREEN, "warning": YELLOW, "alert": RED, "insufficient": "gray"}

# The grid is 24 wide. A row of stats, a half, all of it.
HEIGHT, STAT_HEIGHT = 8, 4
THIRD, HALF, FULL = 8, 12, 24

Panel = Builder[models.Panel]
Visual = Any  # each of the builders' panel classes; they share their methods and no base class


class SqlQuery(Dataquery):
    """A query of the PostgreSQL data source, which the library does not know."""

    def __init__(self, sql: str, *, over_time: bool, ref_id: str) -> None:
        self.sql = sql
        self.over_time = over_time
        self.ref_id = ref_id

    def to_json(self) -> dict[str, object]:
        """As Grafana stores it."""
        return {
            "refId": self.ref_id,
            "datasource": POSTGRES,
            "format": "time_series" if self.over_time else "table",
            "editorMode": "code",
            "rawQuery": True,
            "rawSql": self.sql,
        }


class _Sql(Builder[SqlQuery]):
    def __init__(self, sql: str, *, over_time: bool, ref_id: str) -> None:
        self._query = SqlQuery(" ".join(sql.split()), over_time=over_time, ref_id=ref_id)

    def build(self) -> SqlQuery:
        return self._query


def sql(text: str, *, over_time: bool = False, ref_id: str = "A") -> Builder[SqlQuery]:
    """A query of PostgreSQL; over time, its first column is named `time`."""
    return _Sql(text, over_time=over_time, ref_id=ref_id)


def promql(expression: str, legend: str = "", *, ref_id: str = "A") -> Builder[Any]:
    """A query of Prometheus; the legend may name labels as `{{label}}`."""
    query = prometheus_builders.Dataquery().expr(expression).datasource(PROMETHEUS).ref_id(ref_id)
    return query.legend_format(legend) if legend else query


def steps(*bounds: tuple[float, str], below: str = GREEN) -> Builder[models.ThresholdsConfig]:
    """Colours from a bound upwards; `below` is the one under the first of them."""
    found = [models.Threshold(value=None, color=below), *(models.Threshold(value=at, color=to) for at, to in bounds)]
    return builders.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(found)


def runbook(alert: str) -> Builder[models.DashboardLink]:
    """A panel's link to what to do."""
    return (
        builders.DashboardLink(f"Runbook: {alert}")
        .type(models.DashboardLinkType.LINK)
        .url(f"${{docs_url}}/docs/operations/runbooks/{alert}.md")
        .placement(VISIBLE)
        .target_blank(target_blank=True)
    )


def over_time(title: str, question: str, unit: str, *queries: Builder[Any], alerts: tuple[str, ...] = ()) -> Visual:
    """Lines over time."""
    # Lines at the bounds that a panel is given; without any there is nothing to draw.
    bounds = common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
    panel = timeseries.Panel().unit(unit).fill_opacity(8).span(HALF).height(HEIGHT)
    panel = panel.thresholds(steps()).thresholds_style(bounds)
    return _with(panel, title, question, queries, alerts)


def bars_over_time(
    title: str, question: str, unit: str, *queries: Builder[Any], alerts: tuple[str, ...] = ()
) -> Visual:
    """Stacked areas: parts of a whole over time."""
    panel = over_time(title, question, unit, *queries, alerts=alerts)
    return panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL)).fill_opacity(60)


def number(
    title: str,
    question: str,
    unit: str,
    query: Builder[Any],
    thresholds: Builder[models.ThresholdsConfig] | None = None,
    alerts: tuple[str, ...] = (),
) -> Visual:
    """One figure, its colour the verdict."""
    # A row of SQL may be a word; of Prometheus' frames the time is no figure.
    fields = "/.*/" if isinstance(query, _Sql) else ""
    reduced = common.ReduceDataOptions().calcs(["lastNotNull"]).fields(fields).values(values=False)
    panel = stat.Panel().unit(unit).span(4).height(STAT_HEIGHT).reduce_options(reduced)
    panel = panel.thresholds(thresholds or steps(below=BLUE)).color_mode(BigValueColorMode.VALUE)
    return _with(panel, title, question, (query,), alerts)


def rows(title: str, question: str, query: Builder[Any], *, width: int = HALF) -> Visual:
    """A table."""
    return _with(table.Panel().span(width).height(HEIGHT), title, question, (query,), ())


def bars(title: str, question: str, unit: str, query: Builder[Any], *, x: str) -> Visual:
    """Bars by a column."""
    panel = barchart.Panel().unit(unit).x_field(x).span(HALF).height(HEIGHT)
    return _with(panel, title, question, (query,), ())


def states(title: str, question: str, query: Builder[Any], colours: dict[str, str]) -> Visual:
    """Words over time, each in its colour."""
    options = {
        word: models.ValueMappingResult(color=colour, index=index)
        for index, (word, colour) in enumerate(colours.items())
    }
    panel = statetimeline.Panel().mappings([models.ValueMap(options=options)]).span(FULL).height(5)
    return _with(panel, title, question, (query,), ())


def _with(
    panel: Visual, title: str, question: str, queries: tuple[Builder[Any], ...], alerts: tuple[str, ...]
) -> Visual:
    source = POSTGRES if isinstance(queries[0], _Sql) else PROMETHEUS
    panel = panel.title(title).description(question).datasource(source)
    for query in queries:
        panel = panel.with_target(query)
    return panel.links([runbook(alert) for alert in alerts]) if alerts else panel


def dashboard(uid: str, title: str, question: str, *, since: str) -> builders.Dashboard:
    """An empty dashboard with the links to the others, in UTC."""
    others = builders.DashboardLink("Credit").type(models.DashboardLinkType.DASHBOARDS).tags([TAG]).placement(VISIBLE)
    pages = builders.DashboardLink("Runbooks").type(models.DashboardLinkType.LINK).placement(VISIBLE)
    return (
        builders.Dashboard(title)
        .uid(uid)
        .description(question)
        .tags([TAG])
        .readonly()
        .refresh(REFRESH)
        .time(since, "now")
        .timezone(TimeZoneUtc)
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .link(others.keep_time(keep_time=True).include_vars(include_vars=True))
        .link(pages.url("${docs_url}/docs/operations/runbooks").target_blank(target_blank=True))
        .with_variable(_docs_url())
    )


def model_version() -> Builder[models.VariableModel]:
    """Which model's rows are shown; all of them compare the column with itself."""
    query = (
        "SELECT model_version FROM credit.live_models UNION SELECT model_version FROM credit.drift_reports ORDER BY 1"
    )
    return (
        builders.QueryVariable("model_version")
        .label("Model")
        .datasource(POSTGRES)
        .query(query)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value("model_version")
        .current(models.VariableOption(text="All", value="$__all", selected=True))
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
    )


def _docs_url() -> Builder[models.VariableModel]:
    # Grafana reads no environment into dashboards: whoever looks fills it in once, or edits the default here.
    return (
        builders.TextBoxVariable("docs_url")
        .label("Address of the documentation")
        .hide(models.VariableHide.HIDE_VARIABLE)
        .default_value("")
        .current(models.VariableOption(text="", value=""))
    )
