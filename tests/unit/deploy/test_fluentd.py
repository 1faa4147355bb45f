"""deploy/fluentd/fluent.conf against what the intake takes, and against the forms of Fluentd's own configuration."""

import re
from pathlib import Path

import pytest

from serving.log_intake import MAX_BYTES, MAX_LINES

CONF = (Path(__file__).resolve().parents[3] / "deploy" / "fluentd" / "fluent.conf").read_text()
UNITS = {"k": 2**10, "m": 2**20, "g": 2**30}


def parameters():
    """Name and value of every line that is one, and that sections are closed in order."""
    found, open_sections = {}, []
    for number, line in enumerate(map(str.strip, CONF.splitlines()), start=1):
        if match := re.fullmatch(r"</(\w+)>", line):
            assert open_sections.pop() == match[1], f"line {number}"
        elif match := re.fullmatch(r"<(\w+)( .*)?>", line):
            open_sections.append(match[1])
        elif line and not line.startswith("#"):
            name, _, value = line.partition(" ")
            found["/".join([*open_sections, name])] = value
    assert open_sections == []
    return found


SHIP = "label/match"


def test_a_chunk_fits_what_the_intake_takes():
    buffer = parameters()
    size = buffer[f"{SHIP}/buffer/chunk_limit_size"]
    # Fluentd passes the limit by one batch of events before it closes a chunk.
    assert int(size[:-1]) * UNITS[size[-1]] <= MAX_BYTES // 2
    assert int(buffer[f"{SHIP}/buffer/chunk_limit_records"]) <= MAX_LINES // 2


def test_lines_are_delivered_within_five_seconds_from_a_file_buffer():
    found = parameters()
    assert (found[f"{SHIP}/buffer/@type"], found[f"{SHIP}/buffer/flush_interval"]) == ("file", "5s")


def test_an_outage_is_retried_and_what_is_refused_for_good_goes_to_the_dead_letters():
    found = parameters()
    codes = {int(code) for code in found[f"{SHIP}/retryable_response_codes"].split(",")}
    assert {401, 403, 408, 429, 500, 502, 503, 504} <= codes
    # The intake's own verdicts on a chunk: no retry changes them.
    assert not {400, 413, 415} & codes
    assert found[f"{SHIP}/error_response_as_unrecoverable"] == "true"
    assert found[f"{SHIP}/secondary/@type"] == "secondary_file"


def test_the_key_comes_from_a_file():
    assert r"File.read('/run/secrets/api_key_admin')" in parameters()[f"{SHIP}/headers"]


@pytest.mark.parametrize("label", ["LINES", "ERROR"])
def test_parsed_and_unparsed_lines_go_the_same_way(label):
    [body] = re.findall(rf"<label @{label}>\n(.*?)\n</label>", CONF, flags=re.DOTALL)
    assert re.search(r"<match credit\.\*\*>\s+@type relabel\s+@label @SHIP", body)


def test_a_line_that_is_no_json_is_an_error_event_and_not_dropped():
    assert parameters()["label/filter/emit_invalid_record_to_error"] == "true"
