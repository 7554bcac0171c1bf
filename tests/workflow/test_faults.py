"""One round of the campaign of faults (`make test-faults`): stages that are struck, files that are damaged."""

from tests.faults.campaign import STAGE_KINDS, Campaign


def test_what_is_struck_comes_back_and_what_is_damaged_is_refused(finished, tmp_path):
    campaign = Campaign(finished, tmp_path, seed=29)
    (first_stages,) = campaign.levels(["ingest_umls", "parse_corpus"])
    assert len(first_stages) == 4  # no two of the same kind of fault
    campaign.strike_stages(first_stages, STAGE_KINDS)
    assert {outcome.result for outcome in campaign.outcomes} <= {"came back", "over before"}
    assert [outcome.result for outcome in campaign.outcomes].count("came back") >= 2

    (graph,) = [job for job in campaign.jobs if job.rule == "build_graph"]
    campaign.restore()
    campaign.damage_inputs([graph])
    damaged = campaign.outcomes[-1]
    assert (damaged.rule, damaged.result) == ("build_graph", "refused"), damaged
