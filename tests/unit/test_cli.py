import subprocess
import sys

import pytest

from bali.cli import COMMANDS, main


def test_bad_input_is_one_line_and_exit_code_2(tmp_path, capsys):
    (tmp_path / "config.yaml").write_text("grap: {}\n")
    code = main(["build-graph", "--umls-dir", "a", "--output-dir", "b", "--config", str(tmp_path / "config.yaml")])
    assert code == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("bali ")]
    assert len(lines) == 1
    assert "grap is not a key. Did you mean graph?" in lines[0]


def test_a_lack_of_memory_is_one_line_and_exit_code_2(monkeypatch, capsys):
    def run(arguments):
        raise MemoryError

    monkeypatch.setattr("bali.stages.show.run", run)
    assert main(["show", "x"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "bali show: expected more memory than there is. Give the job more (mem_mb of its rule), and run it again."
    ]
    with pytest.raises(MemoryError):
        main(["--debug", "show", "x"])


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_each_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert command in capsys.readouterr().out


def test_data_commands_do_not_load_torch():
    code = "import sys, bali.cli; bali.cli.main(['ingest', '--input', 'absent', '--output-dir', 'x']); "
    code += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0
