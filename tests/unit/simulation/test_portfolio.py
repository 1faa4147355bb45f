"""The portfolio as a whole: what another program finds in the eight files."""

import filecmp
import re

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from simulation import portfolio as portfolio_module
from simulation.portfolio import CLIENTS, synthesize

HISTORIES = ("bureau", "previous_application", "POS_CASH_balance", "installments_payments", "credit_card_balance")
ACCOUNTS = ("POS_CASH_balance", "installments_payments", "credit_card_balance")
NEVER = 365243

# Shares are compared within so many standard errors: one test in thousands fails by chance, and the
# seed is fixed.
ERRORS = 4.5


def share_error(share: float, n: int) -> float:
    return float(ERRORS * np.sqrt(share * (1 - share) / n) + 1 / n)


@pytest.fixture(scope="module")
def train(portfolio):
    return portfolio.tables["application_train"]


@pytest.fixture(scope="module")
def applicants(portfolio):
    return set(portfolio.tables["application_train"].SK_ID_CURR) | set(portfolio.tables["application_test"].SK_ID_CURR)


def test_every_header_is_the_real_one(portfolio, profile):
    for name, table in profile.tables.items():
        with (portfolio.folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert file.readline() == ",".join(table.header) + "\n"


def test_only_the_eight_files_are_left_in_the_folder(portfolio, profile):
    assert {path.name for path in portfolio.folder.iterdir()} == {f"{name}.csv" for name in profile.tables}


def test_the_summary_counts_the_rows_of_the_files(portfolio):
    assert portfolio.summary.rows == {name: len(table) for name, table in portfolio.tables.items()}


def test_applicants_are_split_as_the_published_ones(portfolio):
    assert portfolio.summary.rows["application_train"] == round(3_000 * 307_511 / 356_255)
    assert portfolio.summary.rows["application_train"] + portfolio.summary.rows["application_test"] == 3_000


def test_the_same_seed_gives_the_same_bytes(tmp_path, profile, monkeypatch):
    monkeypatch.setattr(portfolio_module, "CHUNK", 100)
    for folder in ("one", "two"):
        synthesize(300, 7, tmp_path / folder)
    names = [f"{name}.csv" for name in profile.tables]
    same, _, _ = filecmp.cmpfiles(tmp_path / "one", tmp_path / "two", names, shallow=False)
    assert same == names


def test_another_seed_gives_other_bytes(tmp_path):
    for seed in (1, 2):
        synthesize(100, seed, tmp_path / str(seed))
    first, second = ((tmp_path / str(seed) / "application_train.csv").read_bytes() for seed in (1, 2))
    assert first != second


def test_a_portfolio_of_several_chunks_repeats_no_key(tmp_path, monkeypatch):
    monkeypatch.setattr(portfolio_module, "CHUNK", 100)
    steps = []
    synthesize(300, 3, tmp_path, lambda *step: steps.append(step))
    assert [(done, total) for what, done, total in steps if what == CLIENTS] == [(100, 300), (200, 300), (300, 300)]
    for table, key in (("bureau", "SK_ID_BUREAU"), ("previous_application", "SK_ID_PREV")):
        assert pd.read_csv(tmp_path / f"{table}.csv", usecols=[key])[key].is_unique


def test_the_histories_of_all_chunks_are_mixed_through_the_whole_file(tmp_path, monkeypatch):
    monkeypatch.setattr(portfolio_module, "CHUNK", 100)
    synthesize(400, 3, tmp_path)
    for name in HISTORIES:
        clients = pd.read_csv(tmp_path / f"{name}.csv", usecols=["SK_ID_CURR"]).SK_ID_CURR
        if name == "bureau":
            clients = clients.drop_duplicates()
        assert clients.is_unique == (name == "bureau")
        # Where all places are alike the correlation strays by one over the root of the rows.
        assert abs(np.corrcoef(np.arange(len(clients)), clients)[0, 1]) < ERRORS / np.sqrt(len(clients)), name


def test_whole_numbers_are_written_without_a_point_and_floats_with_one(portfolio, profile):
    for name, table in profile.tables.items():
        text = pd.read_csv(portfolio.folder / f"{name}.csv", dtype=str, keep_default_na=False, nrows=20_000)
        for column, entry in table.columns.items():
            pattern = {"int": r"-?\d+", "float": r"-?\d+\.\d+|-?\d(\.\d+)?e-\d\d|"}.get(entry.kind)
            if pattern:
                odd = [value for value in text[column].unique() if not re.fullmatch(pattern, value)]
                assert not odd, (name, column, odd[:3])


def test_tiny_scores_are_in_exponent_notation(portfolio):
    assert re.search(r",\d\.\d+e-0\d,", (portfolio.folder / "application_train.csv").read_text(encoding="utf-8"))


def test_values_with_commas_are_quoted_and_no_others(portfolio):
    text = (portfolio.folder / "application_train.csv").read_text(encoding="utf-8")
    assert set(re.findall(r'"[^"]*"', text)) == {'"Spouse, partner"', '"Stone, brick"'}


def test_lines_end_as_in_the_real_files(portfolio, profile):
    for name in profile.tables:
        content = (portfolio.folder / f"{name}.csv").read_bytes()
        assert b"\r" not in content
        assert content.endswith(b"\n")


def test_keys_never_repeat(portfolio):
    tables = portfolio.tables
    clients = pd.concat([tables["application_train"].SK_ID_CURR, tables["application_test"].SK_ID_CURR])
    assert clients.is_unique
    assert tables["bureau"].SK_ID_BUREAU.is_unique
    assert tables["previous_application"].SK_ID_PREV.is_unique
    assert not tables["bureau_balance"].duplicated(["SK_ID_BUREAU", "MONTHS_BALANCE"]).any()
    for name in ("POS_CASH_balance", "credit_card_balance"):
        assert not tables[name].duplicated(["SK_ID_PREV", "MONTHS_BALANCE"]).any()


def test_accounts_belong_to_the_client_of_their_previous_application(portfolio):
    previous = portfolio.tables["previous_application"].set_index("SK_ID_PREV").SK_ID_CURR
    for name in ACCOUNTS:
        account = portfolio.tables[name].drop_duplicates("SK_ID_PREV").set_index("SK_ID_PREV").SK_ID_CURR
        known = account.index.intersection(previous.index)
        assert (account[known] == previous[known]).all()
        # A few lost their previous application, as in the real tables.
        assert 0.9 < len(known) / len(account) < 1


def test_monthly_states_hang_on_credits_but_for_a_few(portfolio):
    credits_with_states = set(portfolio.tables["bureau_balance"].SK_ID_BUREAU)
    known = credits_with_states & set(portfolio.tables["bureau"].SK_ID_BUREAU)
    assert 0.9 < len(known) / len(credits_with_states) < 1


def test_monthly_states_are_known_of_a_third_of_the_labelled_clients_and_of_all_others(portfolio):
    bureau = portfolio.tables["bureau"]
    states = bureau.SK_ID_BUREAU.isin(portfolio.tables["bureau_balance"].SK_ID_BUREAU)
    share = states.groupby(bureau.SK_ID_CURR).any()
    labelled = share.index.isin(portfolio.tables["application_train"].SK_ID_CURR)
    assert share[~labelled].all()
    assert share[labelled].mean() == pytest.approx(92_231 / 263_491, abs=share_error(0.35, labelled.sum()))


def test_some_clients_have_no_history_and_some_histories_no_client(portfolio, applicants):
    for name in HISTORIES:
        clients = set(portfolio.tables[name].SK_ID_CURR)
        assert applicants - clients
    strangers = set(portfolio.tables["bureau"].SK_ID_CURR) - applicants
    assert 0 < len(strangers) <= 0.01 * len(applicants)


def test_shares_of_clients_with_history_are_the_profiles(portfolio, profile, applicants):
    for name in ("bureau", "previous_application", "POS_CASH_balance", "installments_payments"):
        expected = profile[name].share_with_history
        share = len(set(portfolio.tables[name].SK_ID_CURR) & applicants) / len(applicants)
        assert share == pytest.approx(expected, abs=share_error(expected, len(applicants)) + 0.01), name


def test_rows_per_client_are_those_of_the_real_tables(portfolio, profile):
    for name, table in profile.tables.items():
        expected = table.full_rows / 356_255
        assert portfolio.summary.rows[name] / 3_000 == pytest.approx(expected, rel=0.15), name


def test_pensioners_were_employed_never_and_by_nobody(train, profile):
    never = train.DAYS_EMPLOYED == NEVER
    assert (never == (train.ORGANIZATION_TYPE == "XNA")).all()
    assert never.mean() == pytest.approx(profile["application_train"]["DAYS_EMPLOYED"].never_share, abs=0.01)
    assert (train.DAYS_EMPLOYED[~never] <= 0).all()
    assert (train.DAYS_EMPLOYED[~never] > train.DAYS_BIRTH[~never]).all()


def test_five_dates_of_previous_applications_may_be_never(portfolio, profile):
    previous, t = portfolio.tables["previous_application"], profile["previous_application"]
    for name in ("FIRST_DRAWING", "FIRST_DUE", "LAST_DUE_1ST_VERSION", "LAST_DUE", "TERMINATION"):
        share = (previous[f"DAYS_{name}"] == NEVER).mean()
        assert share == pytest.approx(t[f"DAYS_{name}"].never_share, abs=0.04), name


def test_the_placeholders_of_the_real_tables_are_there(portfolio, train):
    previous = portfolio.tables["previous_application"]
    assert (previous.SELLERPLACE_AREA == -1).any()
    assert {"XNA", "XAP"} <= set(previous.NAME_CASH_LOAN_PURPOSE)
    assert (train.CODE_GENDER == "XNA").sum() == 1
    assert (train.NAME_FAMILY_STATUS == "Unknown").sum() == 1
    assert set(portfolio.tables["bureau_balance"].STATUS) == set("012345CX")


def test_debts_limits_and_balances_may_be_negative(portfolio):
    assert (portfolio.tables["bureau"].AMT_CREDIT_SUM_DEBT < 0).any()
    assert (portfolio.tables["bureau"].AMT_CREDIT_SUM_LIMIT < 0).any()
    assert (portfolio.tables["credit_card_balance"].AMT_BALANCE < 0).any()
    assert portfolio.tables["bureau"].DAYS_CREDIT_ENDDATE.max() > 30_000


def test_missing_shares_of_applications_are_the_profiles(train, profile):
    for name, column in profile["application_train"].columns.items():
        tolerance = share_error(column.missing, len(train))
        assert train[name].isna().mean() == pytest.approx(column.missing, abs=tolerance), name


def test_missing_shares_of_histories_are_the_profiles(portfolio, profile):
    for table in (*HISTORIES, "bureau_balance"):
        for name, column in profile[table].columns.items():
            missing = portfolio.tables[table][name].isna().mean()
            # Rows of one client hang together: binomial errors do not hold, 3 % of the rows do.
            assert missing == pytest.approx(column.missing, abs=0.03), (table, name)


def test_category_shares_of_applications_are_the_profiles(train, profile):
    for name, column in profile["application_train"].columns.items():
        present = train[name].dropna()
        for level, share in zip(column.levels, column.shares, strict=True):
            tolerance = share_error(share, len(present))
            assert (present == level).mean() == pytest.approx(share, abs=tolerance), (name, level)


def test_category_shares_of_histories_are_near_the_profiles(portfolio, profile):
    for table in (*HISTORIES, "bureau_balance"):
        for name, column in profile[table].columns.items():
            present = portfolio.tables[table][name].dropna()
            for level, share in zip(column.levels, column.shares, strict=True):
                assert (present == level).mean() == pytest.approx(share, abs=0.05), (table, name, level)


def test_middle_quantiles_of_applications_are_near_the_profiles(train, profile):
    for name, column in profile["application_train"].columns.items():
        if column.kind != "float":
            continue
        quartiles = train[name].quantile([0.25, 0.5, 0.75]).to_numpy()
        spread = column.quantiles[6] - column.quantiles[2]
        assert np.abs(quartiles - column.quantiles[3:6]).max() <= 0.08 * spread + 1e-9, name


def test_scores_age_and_amounts_hang_together_as_in_the_real_table(train, profile):
    names = [
        "EXT_SOURCE_1",
        "EXT_SOURCE_2",
        "EXT_SOURCE_3",
        "AMT_CREDIT",
        "AMT_ANNUITY",
        "AMT_GOODS_PRICE",
        "DAYS_BIRTH",
    ]
    positions = [profile.correlated.index(name) for name in names]
    expected = profile.spearman[np.ix_(positions, positions)]
    found = train[names].corr("spearman").to_numpy()
    assert np.abs(found - expected).max() < 0.1


def test_the_building_is_known_as_a_whole_or_not_at_all(train):
    known = train[["APARTMENTS_AVG", "APARTMENTS_MODE", "APARTMENTS_MEDI"]].notna()
    assert (known.sum(axis=1).isin([0, 3])).all()
    assert spearmanr(train.APARTMENTS_AVG, train.APARTMENTS_MEDI, nan_policy="omit").statistic > 0.95
    living = train.LIVINGAREA_AVG.notna()
    assert train.APARTMENTS_AVG.notna()[living].mean() > 0.9


def test_a_car_has_an_age_exactly_when_there_is_one(train):
    assert (train.OWN_CAR_AGE.notna() == (train.FLAG_OWN_CAR == "Y")).all()


def test_the_default_rate_is_the_published_one(portfolio, train):
    assert portfolio.summary.default_rate == pytest.approx(train.TARGET.mean())
    assert portfolio.summary.default_rate == pytest.approx(0.0807, abs=0.005)


def test_the_best_possible_auc_is_that_of_the_real_problem(portfolio):
    assert 0.78 <= portfolio.summary.best_auc <= 0.81


def test_defaulters_pay_later_and_score_lower(portfolio, train):
    payments = portfolio.tables["installments_payments"]
    late = (payments.DAYS_ENTRY_PAYMENT > payments.DAYS_INSTALMENT).groupby(payments.SK_ID_CURR).mean()
    history = train.set_index("SK_ID_CURR").join(late.rename("late"))
    assert spearmanr(history.late, history.TARGET, nan_policy="omit").statistic > 0.03
    assert spearmanr(history.EXT_SOURCE_3, history.TARGET, nan_policy="omit").statistic < -0.08
