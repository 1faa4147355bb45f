"""The eight raw tables by name, applications first: whatever loops over the tables loops over this.

Add a table here once its module stands. Keep out: facts about one table.
"""

from credit_risk.tables.application import APPLICATION_TEST, APPLICATION_TRAIN
from credit_risk.tables.bureau import BUREAU
from credit_risk.tables.bureau_balance import BUREAU_BALANCE
from credit_risk.tables.credit_card_balance import CREDIT_CARD_BALANCE
from credit_risk.tables.installments_payments import INSTALLMENTS_PAYMENTS
from credit_risk.tables.pos_cash_balance import POS_CASH_BALANCE
from credit_risk.tables.previous_application import PREVIOUS_APPLICATION
from credit_risk.tables.raw_table import RawTable

TABLES: dict[str, RawTable] = {
    table.name: table
    for table in (
        APPLICATION_TRAIN,
        APPLICATION_TEST,
        BUREAU,
        BUREAU_BALANCE,
        PREVIOUS_APPLICATION,
        POS_CASH_BALANCE,
        INSTALLMENTS_PAYMENTS,
        CREDIT_CARD_BALANCE,
    )
}
