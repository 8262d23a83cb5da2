
# The value of an option: a file, a folder, or something that only people know.
_vqclip_value() {
    case $1 in
    *FILE* | YAML) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    DIR) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
    esac
}

# What is no option: the jobs that come with the program, commands, and files.
_vqclip_operand() {
    case $1 in
    job) mapfile -t COMPREPLY < <(compgen -W "$(vqclip help jobs --names 2>/dev/null)" -- "$2") ;;
    subject) mapfile -t COMPREPLY < <(compgen -W "$_vqclip_commands job jobs" -- "$2") && return ;;
    esac
    [ ${#COMPREPLY[@]} -gt 0 ] || { compopt -o filenames && mapfile -t COMPREPLY < <(compgen -f -- "$2"); }
}

# Readline makes three words of --name=value.
_vqclip() {
    local word=$2 before=$3
    COMPREPLY=()
    if [ "$word" = = ]; then
        word=
    elif [ "$before" = = ]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$_vqclip_commands --help --version" -- "$word")
        return
    fi
    local command=${COMP_WORDS[1]} options='' operand=file value=
    _vqclip_options "$command" "$before"
    if [ -n "$value" ]; then
        _vqclip_value "$value" "$word"
    elif [ "${word:0:1}" = - ]; then
        mapfile -t COMPREPLY < <(compgen -W "$options --help" -- "$word")
    else
        _vqclip_operand $operand "$word"
    fi
}
complete -F _vqclip vqclip
