"""A CSV file in, typed Parquet out, or every reason why not and the last good table kept."""

import hashlib
import threading

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_risk.errors import RawTableError
from credit_risk.tables.catalogue import TABLES
from resources import raw_files
from resources.csv_parquet import ROW_GROUP_ROWS
from resources.raw_files import PREVIEW_ROWS, check_table, convert, inspect, orphans, stage


def read(parquet, what, options="union_by_name = false"):
    return duckdb.sql(f"SELECT {what} FROM read_parquet('{parquet}', {options})").fetchall()


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_stored_with_the_types_of_its_schema(raw_csv, tmp_path, table):
    summary = convert(raw_csv(table), tmp_path / "out.parquet", table)
    assert summary.rows == 3
    assert check_table(tmp_path / "out.parquet", table) == []


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_summary_describes_the_file(raw_csv, tmp_path, end):
    csv = raw_csv("POS_CASH_balance", 4, cells={(1, "CNT_INSTALMENT"): ""}, end=end)
    summary = convert(csv, tmp_path / "out.parquet", "POS_CASH_balance")
    assert (summary.rows, summary.bytes) == (4, csv.stat().st_size)
    assert summary.sha256 == hashlib.sha256(csv.read_bytes()).hexdigest()
    assert list(summary.missing) == list(TABLES["POS_CASH_balance"].columns)
    assert summary.missing["CNT_INSTALMENT"] == 0.25
    assert summary.missing["SK_ID_PREV"] == 0


def test_the_preview_is_a_markdown_table_of_the_first_rows(raw_csv, tmp_path):
    csv = raw_csv("bureau_balance", 12, cells={(0, "MONTHS_BALANCE"): ""})
    assert stage(csv, tmp_path / "out.parquet", "bureau_balance").summary.preview.splitlines()[:4] == [
        "| SK_ID_BUREAU | MONTHS_BALANCE | STATUS |",
        "| --- | --- | --- |",
        "| 1 |  | 0 |",
        "| 2 | 0 | 0 |",
    ]
    summary = stage(csv, tmp_path / "out.parquet", "bureau_balance").summary
    assert len(summary.preview.splitlines()) == PREVIEW_ROWS + 2


def test_a_bar_in_a_value_does_not_break_the_preview(raw_csv, tmp_path):
    csv = raw_csv("POS_CASH_balance", 1, cells={(0, "NAME_CONTRACT_STATUS"): "a|b"})
    assert r"| a\|b |" in convert(csv, tmp_path / "out.parquet", "POS_CASH_balance").preview


def test_a_table_without_clients_keeps_the_order_of_the_file(tmp_path):
    csv, parquet, n = tmp_path / "bureau_balance.csv", tmp_path / "out.parquet", 2 * ROW_GROUP_ROWS + 500
    csv.write_text("SK_ID_BUREAU,MONTHS_BALANCE,STATUS\n" + "".join(f"{row},-1,C\n" for row in range(n)))
    convert(csv, parquet, "bureau_balance")
    assert read(parquet, "count(*) FILTER (SK_ID_BUREAU = file_row_number)", "file_row_number = true") == [(n,)]
    groups = duckdb.sql(f"SELECT count(DISTINCT row_group_id) FROM parquet_metadata('{parquet}')").fetchall()
    assert groups[0][0] > 1


# Text in a whole number is valid only as 2.0: the patient reading takes it, the fast one does not.
@pytest.mark.parametrize("months", ["-2", "-2.0"], ids=["fast", "patient"])
def test_the_rows_of_a_client_stand_together_by_credit_and_month(raw_csv, tmp_path, months):
    keys = [("9", "7", "-1"), ("5", "8", "-1"), ("9", "6", "-1"), ("9", "6", months)]
    names = ("SK_ID_CURR", "SK_ID_PREV", "MONTHS_BALANCE")
    cells = {(row, name): text for row, key in enumerate(keys) for name, text in zip(names, key, strict=True)}
    convert(raw_csv("POS_CASH_balance", 4, cells=cells), tmp_path / "out.parquet", "POS_CASH_balance")
    expected = [(5, 8, -1), (9, 6, -2), (9, 6, -1), (9, 7, -1)]
    assert read(tmp_path / "out.parquet", ", ".join(names)) == expected


def test_a_row_at_fault_is_named_by_its_place_in_the_file(raw_csv):
    cells = {(0, "SK_ID_CURR"): "9", (1, "SK_ID_CURR"): "8", (2, "CREDIT_DAY_OVERDUE"): "-1"}
    (violation,) = inspect(raw_csv("bureau", cells=cells), "bureau")
    assert violation.examples == ("row 3: -1",)


CELLS = [
    "",
    "1",
    "-2",
    "2.0",
    "1.5",
    " 7",
    "0x1F",
    "1e3",
    "nan",
    "1e400",
    "+5",
    "007",
    "3000000000",
    "1_0",
    '"4"',
    '""',
]
TEXTS = ["", "Active", "a b ", '"a, b"', '"a""b"', '"a"b', 'a"b', '"z" ', '"a\nb"', '"a', "0x", "\u00e9", "\r", "a\n"]


@given(
    rows=st.lists(
        st.tuples(st.sampled_from(CELLS), st.sampled_from(CELLS), st.sampled_from(TEXTS)), min_size=1, max_size=3
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_fast_and_the_patient_reading_agree(tmp_path, rows):
    csv = tmp_path / "POS_CASH_balance.csv"
    lines = [f"1,2,-1,{decimal},7.0,{text},{whole},0" for whole, decimal, text in rows]
    csv.write_text("\n".join([",".join(TABLES["POS_CASH_balance"].columns), *lines, ""]))
    found = []
    for reads_fast in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            if not reads_fast:
                patch.setattr(raw_files, "write_plain_rows", lambda *_: False)
            staged = stage(csv, tmp_path / f"{reads_fast}.parquet", "POS_CASH_balance")
        good = not staged.violations
        table = pq.read_table(tmp_path / f"{reads_fast}.parquet").to_pylist() if good else []
        found.append((staged.violations, sorted(map(str, table))))
    assert found[0] == found[1]


def test_a_plain_file_is_read_once(raw_csv, tmp_path, monkeypatch):
    monkeypatch.setattr(raw_files, "read_patiently", None)
    for table in TABLES:
        assert stage(raw_csv(table), tmp_path / f"{table}.parquet", table).violations == ()


@pytest.mark.parametrize(
    ("table", "odd"),
    [
        (
            "application_train",
            {
                "DAYS_EMPLOYED": "365243",
                "EXT_SOURCE_2": "8.173616518884397e-08",
                "CODE_GENDER": "XNA",
                "ORGANIZATION_TYPE": "never seen before",
                "CNT_CHILDREN": "2.0",
                "FLAG_PHONE": "",
            },
        ),
        ("application_test", {"REGION_RATING_CLIENT_W_CITY": "-1"}),
        (
            "previous_application",
            {"DAYS_FIRST_DRAWING": "365243.0", "SELLERPLACE_AREA": "-1", "RATE_DOWN_PAYMENT": "-1.497e-05"},
        ),
        ("bureau", {"DAYS_CREDIT_ENDDATE": "31198.0", "AMT_CREDIT_SUM_DEBT": "-4705600.32"}),
        ("bureau_balance", {"STATUS": "X"}),
        ("credit_card_balance", {"AMT_DRAWINGS_CURRENT": "-6211.62", "AMT_RECIVABLE": "-48170.2"}),
        ("installments_payments", {"NUM_INSTALMENT_VERSION": "178.0"}),
    ],
)
def test_oddities_of_the_published_files_are_accepted(raw_csv, table, odd):
    assert inspect(raw_csv(table, cells={(1, column): text for column, text in odd.items()}), table) == []


@given(
    ids=st.lists(st.integers(-(2**53) + 1, 2**53 - 1), min_size=1, max_size=20),
    numbers=st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)), min_size=20, max_size=20),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_numbers_come_back_exactly(raw_csv, tmp_path, ids, numbers):
    cells = {(row, "SK_ID_PREV"): str(value) for row, value in enumerate(ids)}
    cells |= {(row, "CNT_INSTALMENT"): "" if x is None else repr(x) for row, x in enumerate(numbers[: len(ids)])}
    convert(raw_csv("POS_CASH_balance", len(ids), cells=cells), tmp_path / "out.parquet", "POS_CASH_balance")
    expected = list(zip(ids, numbers[: len(ids)], strict=True))
    assert read(tmp_path / "out.parquet", "SK_ID_PREV, CNT_INSTALMENT") == expected


@pytest.mark.parametrize(
    ("cells", "check", "column", "example"),
    [
        ({(1, "AMT_CREDIT_SUM"): "abc"}, "type", "AMT_CREDIT_SUM", "line 3: 'abc'"),
        ({(1, "AMT_CREDIT_SUM"): "nan"}, "finite", "AMT_CREDIT_SUM", "row 2: nan"),
        ({(1, "DAYS_CREDIT"): "1.5"}, "whole_number", "DAYS_CREDIT", "line 3: '1.5'"),
        ({(1, "SK_ID_CURR"): "99999999999999999999"}, "whole_number", "SK_ID_CURR", "line 3: '99999999999999999999'"),
        ({(1, "SK_ID_CURR"): ""}, "not_null", "SK_ID_CURR", "row 2"),
        ({(1, "SK_ID_BUREAU"): "1"}, "unique", "SK_ID_BUREAU", "1 in 2 rows"),
        ({(1, "CREDIT_DAY_OVERDUE"): "-1"}, "between", "CREDIT_DAY_OVERDUE", "row 2: -1"),
    ],
)
def test_a_wrong_value_is_named(raw_csv, cells, check, column, example):
    (violation,) = inspect(raw_csv("bureau", cells=cells), "bureau")
    assert (violation.check, violation.column, violation.examples) == (check, column, (example,))


def test_what_is_certain_of_an_application_is_checked(raw_csv):
    wrong = {"TARGET": "2", "FLAG_OWN_CAR": "maybe", "DAYS_BIRTH": "0", "FLAG_EMAIL": "3", "EXT_SOURCE_1": "50.0"}
    csv = raw_csv("application_train", cells={(1, column): text for column, text in wrong.items()})
    assert [violation.column for violation in inspect(csv, "application_train")] == list(wrong)


def test_every_problem_of_a_file_is_named_at_once(raw_csv):
    cells = {
        (0, "AMT_CREDIT"): "abc",
        (1, "TARGET"): "7",
        (2, "SK_ID_CURR"): "2",
        (3, "CNT_CHILDREN"): "0.5",
        (4, "SK_ID_CURR"): "x",
    }
    csv = raw_csv("application_train", 6, cells=cells)
    csv.write_text(csv.read_text() + "\n7,0,cut off")
    assert [(violation.check, violation.column) for violation in inspect(csv, "application_train")] == [
        ("last_line", None),
        ("type", "AMT_CREDIT"),
        ("whole_number", "CNT_CHILDREN"),
        ("type", "SK_ID_CURR"),
        ("blank_rows", None),
        ("field_count", None),
        ("one_of", "TARGET"),
        ("unique", "SK_ID_CURR"),
    ]


@pytest.mark.parametrize(
    ("content", "check"),
    [
        ("SK_ID_BUREAU,MONTHS_BALANCE,STATUS\n", "no_rows"),
        ("SK_ID_BUREAU,MONTHS_BALANCE,STATUS\r\n1,-1,C\n", "line_ends"),
        ("SK_ID_BUREAU,MONTHS_BALANCE,STATUS\r1,-1,C\r", "line_ends"),
        ("SK_ID_BUREAU,MONTHS_BALANCE,STATUS\n1,-1,C\n\n2,-1,C\n", "blank_rows"),
        ("SK_ID_BUREAU,MONTHS_BALANCE,STATUS\n1,-1,C\n2,-1,C", "last_line"),
        ("SK_ID_BUREAU,MONTHS_BALANCE,STATUS\n1,-1,C\n2,-1\n", "field_count"),
        ("SK_ID_BUREAU,MONTHS_BALANCE,STATUS\n1e400,-1,C\n", "whole_number"),
        ("SK_ID_BUREAU;MONTHS_BALANCE;STATUS\n1;-1;C\n", "delimiter"),
    ],
)
def test_a_broken_file_is_called_what_it_is(tmp_path, content, check):
    csv = tmp_path / "bureau_balance.csv"
    csv.write_bytes(content.encode())
    assert [violation.check for violation in inspect(csv, "bureau_balance")] == [check]


def test_blank_rows_of_a_spreadsheet_are_named_beside_the_missing_keys(raw_csv):
    csv = raw_csv("bureau_balance", 2)
    csv.write_text(csv.read_text() + ",,\n3,-1,C\n")
    found = {violation.check: violation.examples for violation in inspect(csv, "bureau_balance")}
    assert found == {"blank_rows": ("line 4",), "not_null": ("row 3",)}


def test_what_only_the_engine_understands_is_told_in_its_words(raw_csv):
    csv = raw_csv("POS_CASH_balance", cells={(0, "CNT_INSTALMENT"): "\u0661\u0662"})
    (violation,) = inspect(csv, "POS_CASH_balance")
    assert violation.check == "unreadable"
    assert "Line: 2" in violation.found
    assert "Could not convert" in violation.found


def test_a_file_that_grows_while_it_is_read_is_refused(raw_csv, monkeypatch):
    csv = raw_csv("bureau_balance")
    fingerprint = raw_files.fingerprint

    def copy_goes_on(path):
        found = fingerprint(path)
        with path.open("a") as file:
            file.write("9,-1,C\n")
        return found

    monkeypatch.setattr(raw_files, "fingerprint", copy_goes_on)
    assert "changed" in {violation.check for violation in inspect(csv, "bureau_balance")}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda csv: csv.unlink(),
        lambda csv: csv.write_bytes(b""),
        lambda csv: csv.write_bytes(csv.read_bytes()[:-20]),
        lambda csv: csv.write_bytes(csv.read_bytes().replace(b"CREDIT_TYPE", b"KIND")),
        lambda csv: csv.write_bytes(csv.read_bytes() * 2),
    ],
    ids=["missing", "empty", "truncated", "another header", "doubled"],
)
def test_a_failure_leaves_the_last_good_table_in_place(raw_csv, tmp_path, spoil):
    lake = tmp_path / "lake"
    csv = raw_csv("bureau")
    convert(csv, lake / "bureau.parquet", "bureau")
    good = (lake / "bureau.parquet").read_bytes()
    spoil(csv)
    with pytest.raises(RawTableError, match=r"found .* expected "):
        convert(csv, lake / "bureau.parquet", "bureau")
    assert (lake / "bureau.parquet").read_bytes() == good
    assert [path.name for path in lake.iterdir()] == ["bureau.parquet"]


def test_the_error_lists_all_and_carries_them_as_data(raw_csv, tmp_path):
    csv = raw_csv("bureau", cells={(0, "SK_ID_CURR"): "", (1, "CREDIT_DAY_OVERDUE"): "-2"})
    with pytest.raises(RawTableError, match=r"2 problems in .*\(1\) found .* \(2\) found ") as refusal:
        convert(csv, tmp_path / "out.parquet", "bureau")
    assert refusal.value.fields["table"] == "bureau"
    assert [found["check"] for found in refusal.value.fields["violations"]] == ["not_null", "between"]
    assert refusal.value.fields["violations"][1]["n_rows"] == 1


def test_a_single_problem_speaks_for_itself(raw_csv, tmp_path):
    csv = raw_csv("bureau", cells={(0, "SK_ID_BUREAU"): "2"})
    with pytest.raises(RawTableError, match="expected every SK_ID_BUREAU once; remove the repeated rows"):
        convert(csv, tmp_path / "out.parquet", "bureau")


def test_a_long_list_is_cut_in_the_sentence_and_whole_in_the_data(raw_csv, tmp_path):
    flags = [name for name in TABLES["application_train"].columns if name.startswith("FLAG_DOCUMENT")]
    csv = raw_csv("application_train", cells={(0, name): "5" for name in [*flags, "FLAG_PHONE"]})
    with pytest.raises(RawTableError, match=r"21 problems .*; and 1 more; expected") as refusal:
        convert(csv, tmp_path / "out.parquet", "application_train")
    assert len(refusal.value.fields["violations"]) == 21


def test_a_place_that_cannot_be_written_is_told_in_one_line(raw_csv, tmp_path):
    (tmp_path / "lake").write_text("a file where a folder belongs")
    with pytest.raises(RawTableError, match=r"while bureau was loaded.* room to write in .*check both folders"):
        convert(raw_csv("bureau"), tmp_path / "lake" / "bureau.parquet", "bureau")


def test_a_path_is_taken_as_it_stands(raw_csv, tmp_path):
    folder = tmp_path / "o'hara [old] *"
    folder.mkdir()
    csv = raw_csv("bureau", folder=folder)
    assert convert(csv, folder / "bureau.parquet", "bureau").rows == 3
    assert check_table(folder / "bureau.parquet", "bureau") == []
    assert orphans(folder / "bureau.parquet", folder / "bureau.parquet", "SK_ID_BUREAU").rows == 0


def test_a_table_that_was_never_stored_is_told(tmp_path):
    with pytest.raises(RawTableError, match=r"no stored table bureau .* load bureau\.csv first"):
        check_table(tmp_path / "bureau.parquet", "bureau")


def test_the_same_table_may_be_loaded_twice_at_once(raw_csv, tmp_path):
    csv, parquet = raw_csv("bureau", 50), tmp_path / "bureau.parquet"
    rows = []
    loads = [threading.Thread(target=lambda: rows.append(convert(csv, parquet, "bureau").rows)) for _ in range(2)]
    for load in loads:
        load.start()
    for load in loads:
        load.join()
    assert rows == [50, 50]
    assert check_table(parquet, "bureau") == []


def test_a_stored_table_of_an_older_schema_is_told(tmp_path):
    path = tmp_path / "bureau_balance.parquet"
    duckdb.sql(f"COPY (SELECT 1::BIGINT AS SK_ID_BUREAU, 'C' AS STATUS) TO '{path}'")
    (violation,) = check_table(path, "bureau_balance")
    assert "absent: MONTHS_BALANCE" in violation.found


def test_rows_that_point_nowhere_are_counted(raw_csv, tmp_path):
    history = {(row, "SK_ID_CURR"): text for row, text in enumerate(["1", "8", "8", "9", "2"])}
    convert(raw_csv("bureau", 5, cells=history), tmp_path / "bureau.parquet", "bureau")
    convert(raw_csv("application_train", 1), tmp_path / "train.parquet", "application_train")
    cells = {(0, "SK_ID_CURR"): "2"}
    convert(raw_csv("application_test", 1, cells=cells), tmp_path / "test.parquet", "application_test")
    both = [tmp_path / "train.parquet", tmp_path / "test.parquet"]
    found = orphans(tmp_path / "bureau.parquet", both, "SK_ID_CURR")
    assert (found.rows, found.keys, found.share) == (3, 2, 0.6)
    assert orphans(tmp_path / "bureau.parquet", both[0], "SK_ID_CURR").rows == 4
