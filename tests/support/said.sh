# Sourced behind shell.sh by tests that look at what commands say; the current folder is the test's own.

# expect CODE COMMAND...: what it says goes to the file said.
expect() {
    wanted=$1
    shift
    code=0
    "$@" >said 2>&1 || code=$?
    [ "$code" -eq "$wanted" ] || fail "$*: expected exit code $wanted, found $code"
}

# says TEXT
says() {
    grep -qF -- "$1" said || fail "expected \"$1\""
}

# says_not TEXT
says_not() {
    ! grep -qF -- "$1" said || fail "did not expect \"$1\""
}
