#!/bin/bash
# completion_test.sh VQCLIP FILE ZSH_FILE: what bash offers where FILE is read, against what the program's help lists; and
# that zsh, where there is one, reads ZSH_FILE and gets a function for every command.
set -eu
vqclip=$(realpath "$1")
zsh_file=$(realpath "$3")
. "$(dirname "$0")/../support/shell.sh"
. "$2"
compopt() { :; } # works while readline completes alone
export PATH="$folder:$PATH"
ln -s "$vqclip" "$folder/vqclip"

# offer WORD...: what is offered for the last of a line's words, one a line.
offer() {
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _vqclip vqclip "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf '%s\n' ${COMPREPLY[@]+"${COMPREPLY[@]}"}
}
# equal WHAT OFFERED EXPECTED
equal() { [ "$2" = "$3" ] || fail "$1: offered \"$2\", expected \"$3\""; }

commands=$("$vqclip" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
equal "commands" "$(offer vqclip '' | grep -v '^-' | sort)" "$(sort <<<"$commands")"
equal "re" "$(offer vqclip re | sort | paste -sd' ')" "reconstruct render report"
for command in $commands; do
    listed=$("$vqclip" help "$command" | sed -n 's/^  \(-[a-z], \)\{0,1\}\(--[a-z0-9-]*\).*/\2/p')
    equal "options of $command" "$(offer vqclip "$command" - | grep -vx -- --help | sort)" "$(sort <<<"$listed")"
done
[ "$(wc -w <<<"$commands")" -ge 16 ] || fail "few commands: $commands"

cd "$folder"
mkdir out only
touch only/study.yaml
equal "a job" "$(offer vqclip render quick)" quickstart
equal "jobs of a folder" "$(offer vqclip plan demo/s | sort | paste -sd' ')" "demo/self-masking demo/styles"
equal "a job file" "$(offer vqclip render only/)" only/study.yaml
equal "a folder" "$(offer vqclip render quickstart -o o | sort | paste -sd' ')" "only out"
equal "a folder after =" "$(offer vqclip render --output = on)" only
equal "nothing for a number" "$(offer vqclip render --threads '')" ""
equal "a file" "$(offer vqclip show only/s)" only/study.yaml
equal "a subject" "$(offer vqclip help jo | sort | paste -sd' ')" "job jobs"

command -v zsh >/dev/null || { echo "skipped: zsh is not installed; bash was tested"; exit 0; }
# shellcheck disable=SC2016  # for zsh
zsh -fc 'autoload -U compinit && compinit -D -u && source $1 && shift && for name; do
    (($+functions[_vqclip_command_$name])) || { echo "zsh: no $name"; exit 1; }
done; [[ $_comps[vqclip] = _vqclip ]]' zsh "$zsh_file" $commands || fail "zsh"
