"""What the first and last bytes of a CSV file give away."""

import pytest

from credit_risk.tables.catalogue import TABLES
from resources.csv_outline import end_violations, outline_violations

BALANCE = TABLES["bureau_balance"]
HEADER = "SK_ID_BUREAU,MONTHS_BALANCE,STATUS\n"


@pytest.fixture
def outline(tmp_path):
    """The findings for a file of bureau_balance with this content."""

    def violations(content):
        path = tmp_path / "bureau_balance.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return outline_violations(path, BALANCE)

    return violations


@pytest.mark.parametrize(
    "content",
    [
        HEADER + "1,-1,C\n",
        HEADER,
        HEADER.replace("\n", "\r\n") + "1,-1,C\r\n",
        "\ufeff" + HEADER + "1,-1,C\n",
        '"SK_ID_BUREAU","MONTHS_BALANCE","STATUS"\n"1","-1","C"\n',
    ],
    ids=["LF", "header alone", "CRLF", "byte-order mark", "quoted names"],
)
def test_a_right_header_is_accepted(outline, content):
    assert outline(content) == []


@pytest.mark.parametrize(
    ("content", "check", "found"),
    [
        (b"", "empty_file", "0 bytes and no header"),
        (b"\n\n", "empty_file", "2 bytes and no header"),
        (b"PK\x03\x04rest", "not_csv", "a zip archive or a spreadsheet"),
        (b"\x1f\x8brest", "not_csv", "a gzip archive"),
        (HEADER.encode("utf-16"), "not_csv", "UTF-16 text"),
        (b"version https://git-lfs.github.com/spec/v1\n", "not_csv", "a Git LFS pointer"),
        (b"<!DOCTYPE html>\n", "not_csv", "a web page"),
        ("SK_ID_BUREAU,MONTHS_BALANCE,STAT\u00dcS\n".encode("cp1252"), "encoding", "in line 1"),
        (HEADER.encode() + "1,-1,\u00e9\n".encode("cp1252"), "encoding", "in line 2"),
        (HEADER.replace(",", ";"), "delimiter", "semicolons between"),
        (HEADER.replace(",", "\t"), "delimiter", "tabs between"),
        ('"SK_ID_BUREAU,MONTHS_BALANCE,STATUS"\n"1,-1,C"\n', "wrapped_rows", "one quoted value each"),
        (HEADER + '"1,-1,C"\n', "wrapped_rows", "one quoted value each"),
        ("," + HEADER + "0,1,-1,C\n", "index_column", "a column without a name before SK_ID_BUREAU"),
        ("Unnamed: 0," + HEADER, "index_column", "a column named 'Unnamed: 0'"),
        (HEADER + "0,1,-1,C\n", "index_column", "4 fields in the first row under 3 names"),
        ("1,-1,C\n2,-1,C\n", "no_header", "numbers in the first line"),
        (",".join(TABLES["bureau"].columns) + "\n", "wrong_table", "the columns of bureau"),
        ("STATUS,MONTHS_BALANCE,SK_ID_BUREAU\n", "column_order", "STATUS as column 1"),
        ("SK_ID_BUREAU,STATUS\n", "absent_columns", "MONTHS_BALANCE"),
        ("SK_ID_BUREAU,MONTHS_BALANCE,STATUS,NOTE\n", "unexpected_columns", "NOTE"),
        ("SK_ID_BUREAU,MONTHS_BALANCE,STATUS,STATUS\n", "repeated_columns", "STATUS"),
    ],
)
def test_a_wrong_file_is_called_what_it_is(outline, content, check, found):
    (violation,) = outline(content)
    assert violation.check == check
    assert found in violation.found
    assert violation.expected
    assert violation.remedy


def test_every_wrong_name_is_listed_at_once(outline):
    violations = outline("sk_id_bureau,MONTHS_BALANCE,STATUS,NOTE\n")
    assert [(violation.check, violation.examples) for violation in violations] == [
        ("absent_columns", ("SK_ID_BUREAU",)),
        ("unexpected_columns", ("sk_id_bureau", "NOTE")),
    ]


def test_a_missing_file_is_told_with_what_lies_beside_it(tmp_path):
    (tmp_path / "Bureau_Balance.csv.zip").touch()
    (tmp_path / "other.csv").touch()
    (violation,) = outline_violations(tmp_path / "bureau_balance.csv", BALANCE)
    assert violation.check == "missing_file"
    assert "Bureau_Balance.csv.zip" in violation.found
    assert "other.csv" not in violation.found
    assert "unpack or rename" in violation.remedy


def test_another_table_is_not_taken_for_a_missing_one(tmp_path):
    (tmp_path / "bureau_balance.csv").touch()
    (violation,) = outline_violations(tmp_path / "bureau.csv", TABLES["bureau"])
    assert "bureau_balance" not in violation.found


def test_a_file_in_a_missing_folder_is_missing(tmp_path):
    (violation,) = outline_violations(tmp_path / "nowhere" / "bureau_balance.csv", BALANCE)
    assert violation.remedy == "put bureau_balance.csv there"


def test_a_folder_is_no_file(tmp_path):
    (violation,) = outline_violations(tmp_path, BALANCE)
    assert (violation.check, violation.found) == ("missing_file", f"a folder at {tmp_path}")


def test_many_wrong_names_are_cut_in_the_sentence_and_kept_in_the_examples(tmp_path):
    path = tmp_path / "application_train.csv"
    path.write_text("SK_ID_CURR,TARGET\n")
    (violation,) = outline_violations(path, TABLES["application_train"])
    assert "120 columns absent" in violation.found
    assert violation.found.endswith("and 110 more")
    assert len(violation.examples) == 120


@pytest.mark.parametrize(("content", "n"), [("a\n", 0), ("a\r\n", 0), ("a", 1)])
def test_a_file_ends_with_a_line_break(tmp_path, content, n):
    path = tmp_path / "bureau_balance.csv"
    path.write_bytes(content.encode())
    assert len(end_violations(path, BALANCE)) == n
