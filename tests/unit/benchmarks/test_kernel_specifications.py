from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

from benchmarks.features_side import Task, floor_copy
from benchmarks.kernel_pandas import kernel_frame
from benchmarks.kernel_specifications import kernel_tables, levels_of
from credit_risk.tables.catalogue import TABLES

# Compiling 797 columns takes half a minute.
pytestmark = pytest.mark.slow

# Sums in another order differ in their last digits: of the number, or, where a sum cancels out, of its summands,
# which are of the size of the column.
OF_NUMBER, OF_COLUMN = 1e-6, 1e-12


def differ(one: np.ndarray, other: np.ndarray) -> int:
    largest = np.abs(other[np.isfinite(other)]).max(initial=1.0)
    return int((~np.isclose(one, other, rtol=OF_NUMBER, atol=OF_COLUMN * largest, equal_nan=True)).sum())


def with_oddities(folder: Path, out: Path) -> Path:
    """The files again, with what made-up ones lack: money for nothing, and an unknown gender."""
    out.mkdir()
    tables = {t.file_name: pd.read_csv(folder / t.file_name, dtype=str) for t in TABLES.values()}
    earlier, payments = tables["previous_application.csv"], tables["installments_payments.csv"]
    # All earlier applications of one client and some of others: a minimum of infinities, and one among them.
    only = earlier["SK_ID_CURR"] == earlier["SK_ID_CURR"].iloc[0]
    granted_nothing = only | (np.arange(len(earlier)) % 50 == 0)
    earlier.loc[granted_nothing, "AMT_CREDIT"] = "0"
    earlier.loc[only, "AMT_APPLICATION"] = "45000"
    payments.loc[::70, "AMT_INSTALMENT"] = "0"
    payments.loc[::140, "AMT_PAYMENT"] = "0"
    tables["application_train.csv"].loc[5, "CODE_GENDER"] = "XNA"
    for name, table in tables.items():
        table.to_csv(out / name, index=False)
    return out


@pytest.fixture(scope="module")
def frames(csv_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The kernel's columns by our engine and by pandas, one row a client each."""
    folder = tmp_path_factory.mktemp("kernel")
    raw = with_oddities(csv_folder, folder / "raw")
    floor_copy(Task(raw, folder / "parquet", ""))
    engine = ibis.duckdb.connect()
    tables = {name: engine.read_parquet(folder / "parquet" / f"{name}.parquet") for name in TABLES}
    parts = kernel_tables(tables, levels_of(tables)).values()
    applications, *histories = (engine.to_pandas(part).set_index("SK_ID_CURR") for part in parts)
    return applications.join(histories).sort_index(), kernel_frame(raw).set_index("SK_ID_CURR").sort_index()


def test_the_engine_gives_every_column_of_pandas_and_no_other(frames):
    ours, peer = frames
    assert set(ours.columns) == set(peer.columns)
    assert ours.index.equals(peer.index)


def test_the_engine_gives_every_value_of_pandas(frames):
    ours, peer = (frame.astype("float64") for frame in frames)
    different = {name: differ(ours[name].to_numpy(), peer[name].to_numpy()) for name in peer}
    assert {name: n for name, n in different.items() if n} == {}


def test_the_oddities_reach_the_columns(frames):
    _, peer = frames
    assert np.isinf(peer["PREV_APP_CREDIT_PERC_MIN"]).any()
    assert np.isinf(peer["INSTAL_PAYMENT_PERC_MAX"]).any()
    assert len(peer) == 299
