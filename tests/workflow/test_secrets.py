"""Secrets in the environment of a run are in nothing that it writes."""

from secret_values import SECRETS, files_that_hold


def test_no_file_of_a_run_holds_a_secret(finished):
    assert files_that_hold(["myocardial infarction"], finished / "results", at_least=100)  # what is there is found
    assert files_that_hold(list(SECRETS.values()), finished, at_least=300) == []
