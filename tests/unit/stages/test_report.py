from bali.cli import main


def test_an_empty_results_directory_gives_a_page_that_says_so(tmp_path):
    results = tmp_path / "results"
    results.mkdir()
    assert main(["report", "--results-dir", str(results), "--output-dir", str(results / "report")]) == 0
    html = (results / "report/index.html").read_text(encoding="utf-8")
    assert "Nothing was evaluated in this run" in html
    assert "There is no graph" in html
    cards = sorted(path.name for path in (results / "report/model_cards").iterdir())
    assert cards == ["bali_gat.md", "mlm_only.md"]
    assert "# Sources of this run" in (results / "SOURCES.md").read_text(encoding="utf-8")


def test_a_missing_results_directory_is_one_line(tmp_path, capsys):
    assert main(["report", "--results-dir", str(tmp_path / "none"), "--output-dir", str(tmp_path / "report")]) == 2
    assert "expected a results directory" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()


def test_the_page_says_where_text_is_left_out(tmp_path):
    results = tmp_path / "results"
    results.mkdir()
    options = '{"report": {"show_text": false}}'
    arguments = ["report", "--results-dir", str(results), "--output-dir", str(results / "report"), "--options", options]
    assert main(arguments) == 0
    assert "Text was left out of this page" in (results / "report/index.html").read_text(encoding="utf-8")
