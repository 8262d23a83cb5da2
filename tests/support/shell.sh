# Sourced by the tests that are shell scripts, from folders beside this one.
#     $folder      a folder of the test's own, which goes when it ends
#     fail WORDS   ends the test with these, and with what the programs said that it ran

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# MPI as root, and more ranks than processors, as Open MPI 4 and 5 want it said; threads that wait do not spin.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe OMP_WAIT_POLICY=passive

fail() {
    echo "FAILED: $*"
    for said in output said stderr errors table; do
        [ ! -e "$folder/$said" ] || sed 's/^/    /' "$folder/$said"
    done
    exit 1
}
