# Sourced by the tests that are shell scripts, from folders beside this one.
#     $folder      a folder of the test's own, which goes when it ends
#     fail WORDS   ends the test with these, and with what the programs said that it ran
#     render_digests PROGRAM ARCHIVE [FIELD...]   a line for each render: id, state, SHA-256 of picture and latent, and these of show

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

render_digests() {
    program_of=$1
    archive_of=$2
    shift 2
    "$program_of" show "$archive_of" --json | python3 -c '
import json, sys
for render in json.load(sys.stdin)["renders"]:
    print(*(render.get(name) for name in ["id", "state", "picture_sha256", "latent_sha256", *sys.argv[1:]]))' "$@"
}
