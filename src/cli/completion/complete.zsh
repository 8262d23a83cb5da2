
_vqclip_job() {
    local -a jobs
    jobs=(${(f)"$(vqclip help jobs --names 2>/dev/null)"})
    _alternative 'jobs:job that comes with the program:compadd -a jobs' 'files:job file:_files -g "*.(yaml|yml)(-.)"'
}

_vqclip_subject() {
    _alternative "commands:command:_vqclip_commands" 'subjects:subject:(job jobs)'
}

_vqclip() {
    if ((CURRENT == 2)); then
        _vqclip_commands
        compadd -- --help --version
        return
    fi
    local command=$words[2]
    shift words
    ((CURRENT--))
    (($+functions[_vqclip_command_$command])) && _vqclip_command_$command
}

# Whether it is loaded as a function of this name, or read by a shell that has compinit.
if [[ $funcstack[1] = _vqclip ]]; then
    _vqclip "$@"
else
    compdef _vqclip vqclip
fi
