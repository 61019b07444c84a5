"""`numbanet completion SHELL`: a script that completes commands and options, made from the parser itself."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from .parser import make_parser

Commands = dict[tuple[str, ...], list[str]]  # what may follow a command: commands below it, and options


def run(options: argparse.Namespace) -> None:
    """Print the script."""
    words = dict(_words(make_parser(), ()))
    print({"bash": _bash, "zsh": _zsh, "fish": _fish}[options.shell](words), end="")


def _words(parser: argparse.ArgumentParser, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Of each command, and those below it, the words that may follow."""
    found: list[str] = []
    below: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        found += [option for option in action.option_strings if option.startswith("--")]
        if isinstance(action, argparse._SubParsersAction):
            below |= action.choices
        elif action.choices and not action.option_strings:
            found += list(action.choices)
    yield path, [*below, *found]
    for name, inner in below.items():
        yield from _words(inner, (*path, name))


def _bash(words: Commands) -> str:
    """The longest command that the line begins with decides; after an option's dash no files are offered."""
    cases = [f'        "{" ".join(path)}") words="{" ".join(found)}" ;;' for path, found in words.items()]
    return "\n".join(
        [
            "# bash completion of numbanet: source <(numbanet completion bash)",
            "_numbanet() {",
            '    local word="${COMP_WORDS[COMP_CWORD]}" path="" words="" k next',
            "    for ((k = 1; k < COMP_CWORD; k++)); do",
            '        next="${path:+$path }${COMP_WORDS[k]}"',
            '        case "$next" in',
            f'            {"|".join(_quoted(path) for path in words if path)}) path="$next" ;;',
            "        esac",
            "    done",
            '    case "$path" in',
            *cases,
            "    esac",
            '    COMPREPLY=($(compgen -W "$words" -- "$word"))',
            '    [[ "$word" == -* || -z "$path" ]] || COMPREPLY+=($(compgen -f -- "$word"))',
            "}",
            "complete -o filenames -F _numbanet numbanet",
            "",
        ]
    )


def _quoted(path: tuple[str, ...]) -> str:
    return f'"{" ".join(path)}"'


def _zsh(words: Commands) -> str:
    """zsh runs completions of bash."""
    head = "# zsh completion of numbanet, below compinit: source <(numbanet completion zsh)"
    return f"{head}\nautoload -U +X bashcompinit && bashcompinit\n{_bash(words)}"


def _fish(words: Commands) -> str:
    lines = ["# fish completion of numbanet: ~/.config/fish/completions/numbanet.fish"]
    for path, found in words.items():
        commands = [name for name in found if (*path, name) in words]
        if path:
            condition = "; and ".join(f"__fish_seen_subcommand_from {name}" for name in path)
        else:
            condition = "__fish_use_subcommand"
        if commands:
            none = condition if not path else f"{condition}; and not __fish_seen_subcommand_from {' '.join(commands)}"
            lines.append(f"complete -c numbanet -f -n '{none}' -a '{' '.join(commands)}'")
        lines += [f"complete -c numbanet -n '{condition}' -l {name[2:]}" for name in found if name.startswith("--")]
        if choices := [name for name in found if name not in commands and not name.startswith("--")]:
            lines.append(f"complete -c numbanet -f -n '{condition}' -a '{' '.join(choices)}'")
    return "\n".join(lines) + "\n"
