"""The peer: a plain pandas program of the aggregates of the public kernel "LightGBM with Simple Features".

Here: the 797 columns (SK_ID_CURR and TARGET among them) that the kernel by jsaguiar
(kaggle.com/code/jsaguiar/lightgbm-with-simple-features) computes from the published files, written as pandas
is usually written: read a file, one-hot encode it, group it, flatten the names, join. Two slow habits of the
kernel are left out, a Python function called for each of 13.6 million rows and `append`: the peer is as fast as
its style allows. Keep out: anything of the platform, and tuning that its users would not do.

Which one-hot columns there are follows from the categories that the files hold: fewer clients, fewer columns.
"""

import argparse
import gc
from pathlib import Path

import pandas as pd

CLIENT = "SK_ID_CURR"
NEVER = 365243
BINARY = ["CODE_GENDER", "FLAG_OWN_CAR", "FLAG_OWN_REALTY"]

BUREAU = {
    "DAYS_CREDIT": ["min", "max", "mean", "var"],
    "DAYS_CREDIT_ENDDATE": ["min", "max", "mean"],
    "DAYS_CREDIT_UPDATE": ["mean"],
    "CREDIT_DAY_OVERDUE": ["max", "mean"],
    "AMT_CREDIT_MAX_OVERDUE": ["mean"],
    "AMT_CREDIT_SUM": ["max", "mean", "sum"],
    "AMT_CREDIT_SUM_DEBT": ["max", "mean", "sum"],
    "AMT_CREDIT_SUM_OVERDUE": ["mean"],
    "AMT_CREDIT_SUM_LIMIT": ["mean", "sum"],
    "AMT_ANNUITY": ["max", "mean"],
    "CNT_CREDIT_PROLONG": ["sum"],
    "MONTHS_BALANCE_MIN": ["min"],
    "MONTHS_BALANCE_MAX": ["max"],
    "MONTHS_BALANCE_SIZE": ["mean", "sum"],
}
PREVIOUS = {
    "AMT_ANNUITY": ["min", "max", "mean"],
    "AMT_APPLICATION": ["min", "max", "mean"],
    "AMT_CREDIT": ["min", "max", "mean"],
    "APP_CREDIT_PERC": ["min", "max", "mean", "var"],
    "AMT_DOWN_PAYMENT": ["min", "max", "mean"],
    "AMT_GOODS_PRICE": ["min", "max", "mean"],
    "HOUR_APPR_PROCESS_START": ["min", "max", "mean"],
    "RATE_DOWN_PAYMENT": ["min", "max", "mean"],
    "DAYS_DECISION": ["min", "max", "mean"],
    "CNT_PAYMENT": ["mean", "sum"],
}
POS = {"MONTHS_BALANCE": ["max", "mean", "size"], "SK_DPD": ["max", "mean"], "SK_DPD_DEF": ["max", "mean"]}
INSTALLMENTS = {
    "NUM_INSTALMENT_VERSION": ["nunique"],
    "DPD": ["max", "mean", "sum"],
    "DBD": ["max", "mean", "sum"],
    "PAYMENT_PERC": ["max", "mean", "sum", "var"],
    "PAYMENT_DIFF": ["max", "mean", "sum", "var"],
    "AMT_INSTALMENT": ["max", "mean", "sum"],
    "AMT_PAYMENT": ["min", "max", "mean", "sum"],
    "DAYS_ENTRY_PAYMENT": ["max", "mean", "sum"],
}
CARD = ["min", "max", "mean", "sum", "var"]


def one_hot(df: pd.DataFrame, *, missing: bool) -> tuple[pd.DataFrame, list[str]]:
    """Every text column as a 0/1 column a category, with one for missing if asked; and the new names."""
    before = list(df.columns)
    text = list(df.select_dtypes("object").columns)
    # One byte a value, as get_dummies made it when the kernel was written.
    df = pd.get_dummies(df, columns=text, dummy_na=missing, dtype="uint8")
    return df, [name for name in df.columns if name not in before]


def flatten(df: pd.DataFrame, prefix: str) -> pd.DataFrame:
    """PREFIX_COLUMN_STATISTIC in place of two levels of names."""
    df.columns = pd.Index([f"{prefix}{name[0]}_{name[1].upper()}" for name in df.columns])
    return df


def means(columns: list[str]) -> dict[str, list[str]]:
    """The share of each category."""
    return {name: ["mean"] for name in columns}


def applications(folder: Path) -> pd.DataFrame:
    """Both application files, encoded, with five ratios."""
    train = pd.read_csv(folder / "application_train.csv")
    test = pd.read_csv(folder / "application_test.csv")
    df = pd.concat([train, test], ignore_index=True)
    del train, test
    df = df[df["CODE_GENDER"] != "XNA"].copy()
    for name in BINARY:
        # Sorted, so that the codes do not hang on who comes first in the file.
        df[name] = pd.factorize(df[name], sort=True)[0]
    df, _ = one_hot(df, missing=False)
    df["DAYS_EMPLOYED"] = df["DAYS_EMPLOYED"].mask(df["DAYS_EMPLOYED"] == NEVER)
    df["DAYS_EMPLOYED_PERC"] = df["DAYS_EMPLOYED"] / df["DAYS_BIRTH"]
    df["INCOME_CREDIT_PERC"] = df["AMT_INCOME_TOTAL"] / df["AMT_CREDIT"]
    df["INCOME_PER_PERSON"] = df["AMT_INCOME_TOTAL"] / df["CNT_FAM_MEMBERS"]
    df["ANNUITY_INCOME_PERC"] = df["AMT_ANNUITY"] / df["AMT_INCOME_TOTAL"]
    df["PAYMENT_RATE"] = df["AMT_ANNUITY"] / df["AMT_CREDIT"]
    gc.collect()
    return df


def bureau(folder: Path) -> pd.DataFrame:
    """Credits at other lenders with their monthly states; the active and the closed ones apart as well."""
    df, categories = one_hot(pd.read_csv(folder / "bureau.csv"), missing=True)
    months, states = one_hot(pd.read_csv(folder / "bureau_balance.csv"), missing=True)
    by_credit = flatten(
        months.groupby("SK_ID_BUREAU").agg({"MONTHS_BALANCE": ["min", "max", "size"], **means(states)}), ""
    )
    df = df.join(by_credit, on="SK_ID_BUREAU").drop(columns="SK_ID_BUREAU")
    del months, by_credit
    gc.collect()
    shares = means([*categories, *(f"{state}_MEAN" for state in states)])
    out = flatten(df.groupby(CLIENT).agg({**BUREAU, **shares}), "BURO_")
    for state in ("Active", "Closed"):
        part = df[df[f"CREDIT_ACTIVE_{state}"] == 1].groupby(CLIENT).agg(BUREAU)
        out = out.join(flatten(part, f"{state.upper()}_"))
        del part
    del df
    gc.collect()
    return out


def previous_applications(folder: Path) -> pd.DataFrame:
    """Earlier applications; the approved and the refused ones apart as well."""
    df, categories = one_hot(pd.read_csv(folder / "previous_application.csv"), missing=True)
    df["APP_CREDIT_PERC"] = df["AMT_APPLICATION"] / df["AMT_CREDIT"]
    out = flatten(df.groupby(CLIENT).agg({**PREVIOUS, **means(categories)}), "PREV_")
    for status in ("Approved", "Refused"):
        part = df[df[f"NAME_CONTRACT_STATUS_{status}"] == 1].groupby(CLIENT).agg(PREVIOUS)
        out = out.join(flatten(part, f"{status.upper()}_"))
        del part
    del df
    gc.collect()
    return out


def pos_cash(folder: Path) -> pd.DataFrame:
    """Monthly balances of earlier consumer and cash loans."""
    df, categories = one_hot(pd.read_csv(folder / "POS_CASH_balance.csv"), missing=True)
    groups = df.groupby(CLIENT)
    out = flatten(groups.agg({**POS, **means(categories)}), "POS_")
    out["POS_COUNT"] = groups.size()
    del df, groups
    gc.collect()
    return out


def installments(folder: Path) -> pd.DataFrame:
    """Payments of instalments: paid against due, in money and in days."""
    df, categories = one_hot(pd.read_csv(folder / "installments_payments.csv"), missing=True)
    df["PAYMENT_PERC"] = df["AMT_PAYMENT"] / df["AMT_INSTALMENT"]
    df["PAYMENT_DIFF"] = df["AMT_INSTALMENT"] - df["AMT_PAYMENT"]
    late = df["DAYS_ENTRY_PAYMENT"] - df["DAYS_INSTALMENT"]
    # As in the kernel, a payment that never came counts as on time.
    df["DPD"] = late.clip(lower=0).fillna(0)
    df["DBD"] = (-late).clip(lower=0).fillna(0)
    groups = df.groupby(CLIENT)
    out = flatten(groups.agg({**INSTALLMENTS, **means(categories)}), "INSTAL_")
    out["INSTAL_COUNT"] = groups.size()
    del df, groups, late
    gc.collect()
    return out


def credit_cards(folder: Path) -> pd.DataFrame:
    """Monthly balances of earlier cards: five statistics of every column."""
    df, _ = one_hot(pd.read_csv(folder / "credit_card_balance.csv"), missing=True)
    groups = df.drop(columns="SK_ID_PREV").groupby(CLIENT)
    out = flatten(groups.agg(CARD), "CC_")
    out["CC_COUNT"] = groups.size()
    del df, groups
    gc.collect()
    return out


def kernel_frame(folder: Path) -> pd.DataFrame:
    """All of them, one row a client of both application files."""
    df = applications(folder)
    for table in (bureau, previous_applications, pos_cash, installments, credit_cards):
        part = table(folder)
        df = df.join(part, on=CLIENT)
        del part
        gc.collect()
    return df


def main() -> None:
    """CSV folder to frame; the frame is kept in memory, or written where OUT says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kernel_pandas", description=__doc__)
    parser.add_argument("folder", type=Path, help="the eight CSV files")
    parser.add_argument("out", type=Path, nargs="?", help="Parquet file for the frame; without it nothing is written")
    arguments = parser.parse_args()
    frame = kernel_frame(arguments.folder)
    if arguments.out:
        frame.to_parquet(arguments.out, index=False)
    print(f"{len(frame)} clients, {frame.shape[1]} columns")


if __name__ == "__main__":
    main()
