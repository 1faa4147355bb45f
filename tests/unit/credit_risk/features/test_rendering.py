from credit_risk.features.conditions import one_of
from credit_risk.features.grammar import Source, aggregate, count
from credit_risk.features.rendering import clean, derive, input_columns, summarize
from credit_risk.features.terms import category, column, ratio
from credit_risk.features.units import CURRENCY, DAYS

DAY = column("DAYS_CREDIT", DAYS, "day")
DEBT = column("AMT_CREDIT_SUM_DEBT", CURRENCY, "debt")
CREDIT = column("AMT_CREDIT_SUM", CURRENCY, "credit")
STATE = category("CREDIT_ACTIVE", "state")
SOURCE = Source("bureau", "BUREAU", "credits", dates=(DAY,))
ACTIVE = one_of("ACTIVE", STATE, ("Active",), "are active")
SHARE_OWED = ratio(aggregate(SOURCE, DEBT, "SUM", ACTIVE), aggregate(SOURCE, CREDIT, "SUM"))


def test_what_a_feature_reads_is_known_from_its_specification():
    assert input_columns([SHARE_OWED]) == {
        "SK_ID_CURR": "int64",
        "AMT_CREDIT_SUM": "float64",
        "AMT_CREDIT_SUM_DEBT": "float64",
        "CREDIT_ACTIVE": "string",
        "DAYS_CREDIT": "float64",
    }


def test_parts_of_a_feature_are_no_features(raw_table):
    assert summarize(raw_table("bureau"), SOURCE, [SHARE_OWED]).columns == ("SK_ID_CURR", SHARE_OWED.name)


def test_a_client_has_one_row(raw_table, rows_of):
    loans = [{"SK_ID_CURR": client, "DAYS_CREDIT": -1.0} for client in (7, 5, 7, 7)]
    rows = rows_of(summarize(raw_table("bureau", *loans), SOURCE, [count(SOURCE)]))
    assert rows == [{"SK_ID_CURR": 5, "BUREAU_COUNT": 1.0}, {"SK_ID_CURR": 7, "BUREAU_COUNT": 3.0}]


def test_a_history_without_rows_gives_no_client(raw_table, rows_of):
    assert rows_of(summarize(raw_table("bureau"), SOURCE, [count(SOURCE)])) == []


def test_derived_features_keep_the_rows(raw_table, rows_of):
    table = clean(raw_table("bureau", {"SK_ID_CURR": 1, "AMT_CREDIT_SUM": 5.0}), [CREDIT])
    assert rows_of(derive(table, [CREDIT])) == [{"SK_ID_CURR": 1, "AMT_CREDIT_SUM": 5.0}]
