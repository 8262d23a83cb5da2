#!/bin/sh
# signals_test.sh PROGRAM FIXTURES: no signal that asks for a stop is taken by a handler or by a thread that computes, for
# its frame would be written over the heap (src/cli/interruption.h says why); the first such signal saves and stops, and a
# second SIGINT ends the process.
set -eu
program=$1
fixtures=$2
. "$(dirname "$0")/../support/shell.sh"
launch=
trap '[ -z "$launch" ] || kill -KILL "$launch" 2>/dev/null || true; rm -rf "$folder"' EXIT

cat >"$folder/job.yaml" <<JOB
study: signals
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors:
    - {name: gelu, checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}
render: {size: [40, 24], steps: 100000, crops: {count: 4, group: 2}}
prompts:
  - targets: [{noise: 1}]
JOB

# Starts a launch of two threads, and waits until both compute.
launch_begin() {
    : >"$folder/output"
    "$program" render "$folder/job.yaml" -o "$folder/out" --threads 2 --checkpoint 86400 >"$folder/output" 2>&1 &
    launch=$!
    while kill -0 "$launch" 2>/dev/null && ! grep -q step "$folder/output"; do
        sleep 0.1
    done
}

launch_end() {
    exit_code=0
    wait "$launch" || exit_code=$?
    launch=
    [ "$exit_code" -eq "$1" ] || fail "$2: exit code $exit_code, expected $1"
}

# How many of the launch's threads take any of the signals SIGINT, SIGUSR1 and SIGTERM, and whether a handler does.
threads_check() {
    python3 - "$launch" <<'CHECK' || fail "signals would reach the threads that compute"
import pathlib, sys

asking = sum(1 << number - 1 for number in (2, 10, 15))
threads = []
for status in pathlib.Path(f"/proc/{sys.argv[1]}/task").glob("*/status"):
    rows = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
    threads.append({"open": asking & ~int(rows["SigBlk"], 16), "handled": asking & int(rows["SigCgt"], 16)})
print(threads)
takers = [thread for thread in threads if thread["open"]]
sys.exit(len(threads) < 3 or len(takers) != 1 or any(thread["handled"] for thread in threads))
CHECK
}

launch_begin
threads_check
kill -TERM "$launch"
launch_end 3 'SIGTERM'
grep -q 'stopped and saved' "$folder/output" || fail 'it does not say that it stopped and saved'

# Long steps: the second one comes before the launch has stopped.
sed -i 's/count: 4, group: 2/count: 2000, group: 200/; s/signals$/interrupts/' "$folder/job.yaml"
launch_begin
kill -INT "$launch"
sleep 0.1
kill -INT "$launch"
launch_end 130 'SIGINT twice'
