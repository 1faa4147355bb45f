"""The known truth about clients who are on record: their probability of default, from the raw tables.

Here: the same formula that labelled a made-up portfolio (`default_risk`), computed again from its
written rows, so that outcomes can be drawn for applications that came later. For tables that are not
made up it is a plausible world, not the real one. Keep out: the formula, and drawing outcomes.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from simulation.columns import Column, Floats, Ints, Labels, Table
from simulation.default_risk import (
    CATEGORY_WEIGHTS,
    application_signals,
    category_signals,
    default_probability,
    history_signals,
)
from simulation.histories import NOBODY, Histories
from simulation.profile import load_profile

APPLICATION = (
    "EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3", "DAYS_EMPLOYED", "AMT_GOODS_PRICE", "AMT_CREDIT", "AMT_ANNUITY",
    "AMT_INCOME_TOTAL", "DAYS_BIRTH", "DAYS_REGISTRATION", "DAYS_ID_PUBLISH", "DAYS_LAST_PHONE_CHANGE", "OWN_CAR_AGE",
    "REGION_RATING_CLIENT_W_CITY", "REG_CITY_NOT_WORK_CITY", "REG_CITY_NOT_LIVE_CITY", "FLAG_WORK_PHONE", "FLAG_PHONE",
    "FLAG_DOCUMENT_3", "DEF_30_CNT_SOCIAL_CIRCLE", "AMT_REQ_CREDIT_BUREAU_YEAR", "FLOORSMAX_AVG", "TOTALAREA_MODE",
    *CATEGORY_WEIGHTS,
)  # fmt: skip
HISTORIES: Mapping[str, tuple[str, ...]] = {
    "bureau": ("SK_ID_BUREAU", "AMT_CREDIT_SUM_DEBT", "AMT_CREDIT_SUM", "AMT_CREDIT_MAX_OVERDUE", "DAYS_CREDIT",
               "CREDIT_ACTIVE"),
    "previous_application": ("NAME_CONTRACT_STATUS",),
    "installments_payments": ("DAYS_ENTRY_PAYMENT", "DAYS_INSTALMENT"),
    "POS_CASH_balance": ("SK_DPD",),
    "credit_card_balance": ("AMT_CREDIT_LIMIT_ACTUAL", "AMT_BALANCE"),
}  # fmt: skip
CLIENT, CREDIT = "SK_ID_CURR", "SK_ID_BUREAU"

# Rows of a table whose column `key` holds one of the values: (table, columns, key, values) -> frame.
Read = Callable[[str, Sequence[str], str, Collection[int]], pd.DataFrame]


def known_probability(read: Read, clients: Collection[int]) -> "pd.Series[float]":
    """The probability of default of clients by SK_ID_CURR; those who are in no application file are left out.

    Args:
        read: gives rows of a raw table.
        clients: SK_ID_CURR of whom to know.
    """
    wanted = sorted(set(clients))
    forms = pd.concat(
        [read(file, [CLIENT, *APPLICATION], CLIENT, wanted) for file in ("application_train", "application_test")],
        ignore_index=True,
    )
    keys = pd.Index(forms[CLIENT])
    form = _table(forms[list(APPLICATION)])
    histories = _histories(read, keys)
    signals = history_signals(histories, len(keys)) | application_signals(form)
    signals |= category_signals(form, load_profile()["application_train"])
    return pd.Series(default_probability(signals, len(keys)), index=keys, name="probability")


def _histories(read: Read, keys: pd.Index) -> Histories:
    clients = [int(key) for key in keys]
    frames = {name: read(name, [CLIENT, *columns], CLIENT, clients) for name, columns in HISTORIES.items()}
    owners = {name: _positions(keys, frame[CLIENT]) for name, frame in frames.items()}
    credits_ = frames["bureau"].drop_duplicates(CREDIT).set_index(CREDIT)[CLIENT]
    states = read("bureau_balance", [CREDIT, "STATUS"], CREDIT, [int(key) for key in credits_.index])
    owners["bureau_balance"] = _positions(keys, states[CREDIT].map(credits_))
    return Histories(
        tables={name: _table(frame[list(HISTORIES[name])]) for name, frame in frames.items()}
        | {"bureau_balance": _table(states[["STATUS"]])},
        clients=owners,
        next_bureau=0,
        next_previous=0,
    )


def _positions(keys: pd.Index, owners: pd.Series) -> Ints:
    """The place of each row's client among the keys, or NOBODY."""
    positions: Ints = keys.get_indexer(pd.Index(owners)).astype(np.int64)
    return np.where(positions < 0, NOBODY, positions)


def _table(frame: pd.DataFrame) -> Table:
    return {str(name): _column(frame[name]) for name in frame.columns}


def _column(values: pd.Series) -> Column:
    if pd.api.types.is_numeric_dtype(values.dtype):
        numbers: Floats = values.to_numpy(dtype=np.float64)
        return numbers
    codes, levels = pd.factorize(values)
    return Labels(codes.astype(np.int16), tuple(map(str, levels)))
