import shutil
import subprocess

import pytest

from numbanet.commands.parser import make_parser


def complete(script, *words):
    """What bash would offer for a line of these words."""
    line = " ".join(f"'{word}'" for word in words)
    code = f'source "{script}"; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _numbanet'
    code += '; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True, cwd=script.parent)
    return done.stdout.split()


@pytest.fixture
def bash(say, tmp_path):
    if shutil.which("bash") is None:
        pytest.skip("needs bash")
    script = tmp_path / "numbanet.bash"
    script.write_text(say("completion", "bash").out)
    return script


def test_bash_offers_commands_and_options(bash):
    assert complete(bash, "numbanet", "tr") == ["train"]
    assert set(complete(bash, "numbanet", "train", "a.toml", "--")) == {
        *("--help", "--set", "--resume", "--overwrite", "--dry-run", "--quiet", "--traceback")
    }
    assert complete(bash, "numbanet", "completion", "z") == ["zsh"]
    assert complete(bash, "numbanet", "bench", "k") == ["kernels"]
    assert "--shape" in complete(bash, "numbanet", "bench", "kernels", "--op", "dense", "--s")


def test_bash_offers_files_and_folders(bash):
    (bash.parent / "animals.toml").touch()
    assert complete(bash, "numbanet", "train", "ani") == ["animals.toml"]


def test_every_command_is_in_every_script(say):
    names = {name for action in make_parser()._actions if action.dest == "command" for name in action.choices}
    for shell in ("bash", "zsh", "fish"):
        code, out, err = say("completion", shell)
        assert (code, err) == (0, "")
        assert all(name in out for name in names)


def test_zsh_runs_the_script_of_bash(say):
    bash, zsh = (say("completion", shell).out for shell in ("bash", "zsh"))
    assert zsh.endswith("autoload -U +X bashcompinit && bashcompinit\n" + bash)


def test_fish_has_a_line_for_each_option(say):
    lines = say("completion", "fish").out.splitlines()
    assert "complete -c numbanet -n '__fish_seen_subcommand_from train' -l resume" in lines
    first = "complete -c numbanet -f -n '__fish_use_subcommand' -a 'train predict "
    assert any(line.startswith(first) for line in lines)


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_shells_that_are_here_accept_their_script(shell, say, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    script = tmp_path / "script"
    script.write_text(say("completion", shell).out)
    subprocess.run([shell, "--no-execute" if shell == "fish" else "-n", str(script)], check=True)


def test_another_shell(say):
    told = say("completion", "powershell")
    assert told.code == 2
    assert "invalid choice: 'powershell'" in told.err
