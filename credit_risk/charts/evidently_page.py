"""The Evidently page: the monitored features of a window beside their reference, for people who know the tool.

Here: frames in, one self-contained HTML page out. Its verdicts are Evidently's own; the
platform's are in the drift report. Keep out: where the page is stored.
"""

import pandas as pd


def evidently_page(reference: pd.DataFrame, current: pd.DataFrame) -> bytes:
    """An HTML page of value drift, one panel a column.

    Numbers by Kolmogorov-Smirnov, categories by chi-squared, both at p < 0.05, as Evidently
    does by default: uncorrected, so that it sees more drift than the report.

    Args:
        reference: training sample, columns in the order of the page.
        current: the window, with the same columns.
    """
    # Evidently imports in seconds: only a report's newest day pays for it.
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

    numeric = [name for name in reference.columns if pd.api.types.is_numeric_dtype(reference[name])]
    # A column without any value has no distribution to draw.
    drawn = [name for name in reference.columns if current[name].notna().any() and reference[name].notna().any()]
    definition = DataDefinition(
        numerical_columns=[name for name in drawn if name in numeric],
        categorical_columns=[name for name in drawn if name not in numeric],
    )
    panels = [
        ValueDrift(column=name, method="ks" if name in numeric else "chisquare", threshold=0.05) for name in drawn
    ]
    snapshot = Report(panels).run(
        Dataset.from_pandas(current[drawn], data_definition=definition),
        Dataset.from_pandas(reference[drawn], data_definition=definition),
    )
    return str(snapshot.get_html_str(as_iframe=False)).encode()
