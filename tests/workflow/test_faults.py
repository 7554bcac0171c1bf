"""One round of the campaign of faults (`make test-faults`): stages that are struck, files that are damaged."""

from tests.faults.campaign import STAGE_KINDS, Campaign


def test_what_is_struck_comes_back_and_what_is_damaged_is_refused(finished, tmp_path):
    campaign = Campaign(finished, tmp_path, seed=29)
    (first_stages,) = campaign.levels(["ingest_umls", "parse_corpus"])
    assert len(first_stages) == 4  # no two of the same kind of fault
    campaign.strike_stages(first_stages, STAGE_KINDS)
    assert {outcome.result for outcome in campaign.outcomes} <= {"came back", "over before"}
    assert [outcome.result for outcome in campaign.outcomes].count("came back") >= 2

    campaign.restore()
    campaign.damage_inputs([job for job in campaign.jobs if job.rule == "split_sentences"])
    damaged = [outcome for outcome in campaign.outcomes if outcome.rule == "split_sentences"]
    assert [outcome.result for outcome in damaged] == ["refused"] * 3, damaged
