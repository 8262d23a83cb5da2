#!/bin/sh
# Ranks with GPUs, in emulation: two ranks on one GPU are refused unless they are to share it; then, and with a GPU for
# each, a team of them makes the same picture as one rank. Two pictures at a time on one rank are the same as one after
# the other.
#
#   tests/schedule/devices_test.sh VQCLIP_EMULATED JOB
#
# Needs mpirun.
set -u
vqclip=$1
job=$2
. "$(dirname "$0")/../support/shell.sh"

# Each rank sets its own environment, as Open MPI 5.0.7's mpirun faults where several programs are given to it.
cat >"$folder/rank" <<'END'
#!/bin/sh
[ "$OMPI_COMM_WORLD_RANK" = 0 ] || export VQC_EMULATED_PCI_ID="$SECOND"
exec "$@"
END
chmod +x "$folder/rank"

# launch NAME OPTION...: two ranks in one team. $second is the PCI id of the GPU that rank 1 sees, 0000:00:00.0 that of
# rank 0.
launch() {
    name=$1
    shift
    SECOND=$second mpirun -n 2 "$folder/rank" "$vqclip" render "$job" -o "$folder/$name" --device cuda --team 2 "$@" \
        >"$folder/output" 2>"$folder/errors"
    code=$?
}

digests() {
    "$vqclip" show "$folder/$1"/*.h5 --json | grep -o '"[a-z]*_sha256": *"[0-9a-f]*"' |
        grep -v job_sha256
}

# same NAME: the launch has made the picture of the one-rank run.
same() {
    [ "$code" -eq 0 ] || fail "$1: exit code $code"
    [ -n "$expected" ] && [ "$(digests "$1")" = "$expected" ] || fail "$1: another picture than one rank makes"
}

second=0000:00:00.0
launch refused
[ "$code" -eq 2 ] || fail "two ranks on one GPU: exit code $code instead of 2"
[ "$(grep -c "^vqclip: " "$folder/errors")" -eq 1 ] || fail "two ranks on one GPU: not one line"
grep -q "ranks 0 and 1 (host .*) would compute on the same device, emulation (0000:00:00.0)" "$folder/errors" ||
    fail "two ranks on one GPU: another message"
[ ! -e "$folder/refused" ] || fail "two ranks on one GPU: the folder was made"

"$vqclip" render "$job" -o "$folder/one" --device cuda >"$folder/output" 2>"$folder/errors" || fail "one rank"
expected=$(digests one)
launch shared --share-device
same shared
second=0000:01:00.0
launch own
same own

sed "s|\.\./models/|$(cd "$(dirname "$job")" && pwd)/../models/|g; s/^study: .*/study: lanes/; s/steps: 2/steps: 1/" "$job" >"$folder/lanes.yaml"
echo "seeds: [0, 1]" >>"$folder/lanes.yaml"
for lanes in 1 2; do
    "$vqclip" render "$folder/lanes.yaml" -o "$folder/lanes-$lanes" --device cuda --lanes $lanes >"$folder/output" \
        2>"$folder/errors" || fail "$lanes lanes"
done
expected=$(digests lanes-1)
code=0
same lanes-2
echo "two ranks, on one GPU and on two: the picture of one rank; two lanes: the pictures of one"
