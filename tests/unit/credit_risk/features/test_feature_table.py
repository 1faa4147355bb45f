import pytest

from credit_risk.errors import RawTableError
from credit_risk.features.bureau_balance import TABLE
from credit_risk.features.feature_table import require_columns


def test_absent_tables_and_columns_are_all_named(raw_table):
    months = raw_table("bureau_balance").drop("STATUS", "MONTHS_BALANCE")
    with pytest.raises(
        RawTableError,
        match=r"found no bureau, bureau_balance.MONTHS_BALANCE, bureau_balance.STATUS; expected all columns",
    ) as caught:
        TABLE.compute({"bureau_balance": months})
    assert caught.value.fields["absent"] == ["bureau", "bureau_balance.MONTHS_BALANCE", "bureau_balance.STATUS"]


def test_further_tables_and_columns_do_no_harm(raw_table):
    bureau = raw_table("bureau")
    require_columns({"bureau": bureau, "other": bureau}, {"bureau": {"SK_ID_CURR": "int64"}})
