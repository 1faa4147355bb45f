"""The explanation of a refused file: every line at fault, by its number."""

import pytest

from credit_risk.tables.catalogue import TABLES
from resources.csv_faults import fault_violations

POS = TABLES["POS_CASH_balance"]
GOOD = "1,2,-1,12.0,7.0,Active,0,0"


@pytest.fixture
def faults(tmp_path):
    """The findings for a file of POS_CASH_balance with these lines under its header."""

    def violations(*lines, encoding="utf-8"):
        path = tmp_path / POS.file_name
        path.write_bytes("".join(f"{line}\n" for line in (",".join(POS.columns), *lines)).encode(encoding))
        return fault_violations(path, POS)

    return violations


def test_a_good_file_has_no_fault(faults):
    assert faults(GOOD, "1,2,-1,,,,0,0", '1,2,-1,1e-05,-3.5,"a, ""b""",0,12.0') == []


@pytest.mark.parametrize("text", ["abc", "1,5", "12.0.1", "N/A", "2020-01-01", "true"])
def test_text_where_a_number_belongs_is_shown_with_line_and_column(faults, text):
    (violation,) = faults(GOOD, f'1,2,-1,"{text}",7.0,Active,0,0')
    assert (violation.check, violation.column, violation.n_rows) == ("type", "CNT_INSTALMENT", 1)
    assert violation.examples == (f"line 3: {text!r}",)


@pytest.mark.parametrize("text", ["12.5", "nan", "inf", "9007199254740992", "1e300"])
def test_a_key_that_is_not_a_whole_number_is_refused(faults, text):
    (violation,) = faults(f"{text},2,-1,12.0,7.0,Active,0,0")
    assert (violation.check, violation.column, violation.examples) == (
        "whole_number",
        "SK_ID_PREV",
        (f"line 2: {text!r}",),
    )


@pytest.mark.parametrize("text", ["12.0", "1e3", "-0", " 7", "9007199254740991"])
def test_whole_numbers_may_be_written_in_other_ways(faults, text):
    assert faults(f"{text},2,-1,12.0,7.0,Active,0,0") == []


def test_all_lines_are_counted_and_the_first_three_are_shown(faults):
    (violation,) = faults(*["x,2,-1,,,,0,0"] * 5)
    assert violation.n_rows == 5
    assert violation.examples == ("line 2: 'x'", "line 3: 'x'", "line 4: 'x'")


def test_a_line_with_another_number_of_fields_is_named(faults):
    (violation,) = faults(GOOD, "1,2,-1", GOOD + ",9")
    assert (violation.check, violation.n_rows) == ("field_count", 2)
    assert violation.examples == ("line 3 has 3, not 8", "line 4 has 9, not 8")


@pytest.mark.parametrize("blank", ["", "  ", ",,,,,,,", "\r"])
def test_blank_rows_are_named(faults, blank):
    (violation,) = faults(GOOD, blank, GOOD, blank)
    assert (violation.check, violation.examples) == ("blank_rows", ("line 3", "line 5"))


def test_a_broken_quote_does_not_hide_what_follows(faults):
    violations = faults(GOOD, '1,2,-1,,,"a"b,0,0', "x,2,-1,,,,0,0")
    assert [(violation.check, violation.examples) for violation in violations] == [
        ("quoting", ("line 3",)),
        ("type", ("line 4: 'x'",)),
    ]


def test_a_quote_that_never_ends_is_named(faults):
    (violation,) = faults(GOOD, '1,2,-1,,,"a,0,0', GOOD)
    assert violation.check == "quoting"


def test_bytes_that_are_not_utf8_are_named_by_line(faults):
    (violation,) = faults(GOOD, "1,2,-1,,,caf\u00e9,0,0", encoding="cp1252")
    assert (violation.check, violation.examples) == ("encoding", ("line 3",))


def test_a_byte_order_mark_is_no_fault(faults):
    assert faults(GOOD, encoding="utf-8-sig") == []


def test_a_long_value_is_not_dumped(faults):
    (violation,) = faults(f"{'x' * 5000},2,-1,,,,0,0")
    assert len(str(violation)) < 400


def test_every_kind_of_fault_is_named_at_once(faults):
    violations = faults("x,2,-1,y,,,0,0", "", "1,2.5,-1,,,,0,0", "1")
    assert [(violation.check, violation.column) for violation in violations] == [
        ("type", "SK_ID_PREV"),
        ("type", "CNT_INSTALMENT"),
        ("blank_rows", None),
        ("whole_number", "SK_ID_CURR"),
        ("field_count", None),
    ]
