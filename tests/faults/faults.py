"""The rounds of run.sh: faults.py VQCLIP SHIM ROUNDS SEED MINUTES"""

import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
FIXTURES = os.path.join(HERE, "..", "models", "fixtures")
PICTURES = os.path.join(HERE, "..", "image", "pictures")
LONGEST = 120  # seconds that a launch may take
PEER_TIMEOUT = "5"
MOST_RANKS = 4

JOB = f"""study: faults
models:
  generator: {{config: {FIXTURES}/net2net.yaml, checkpoint: {FIXTURES}/net2net.safetensors}}
  perceptors: [{{checkpoint: {FIXTURES}/open_clip_gelu/open_clip_model.safetensors}}]
render: {{size: [16, 16], steps: 15, crops: {{count: 3, group: 1}}, snapshots: 10}}
seeds: [0, 1]
prompts:
  - targets: [{{noise: 1}}]
  - {{targets: [{{noise: 2}}], init: {{image: start.png}}}}
"""


class Failed(Exception):
    pass


class Round:
    """A folder for each rank with the job's files, and the archive's folder beside them."""

    def __init__(self, tools, folder, ranks, token):
        self.program, self.shim = tools
        self.folder, self.ranks, self.token = folder, ranks, token
        self.out = os.path.join(folder, "out")
        self.log, self.said = "", ""
        self.mounted = self.other = self.close_call = False
        self.disturbed = True  # whether the fault came before all was done
        for rank in range(MOST_RANKS):
            os.makedirs(self.path(rank))
            with open(self.path(rank, "job.yaml"), "w") as job:
                job.write(JOB)
            self.put("colour.png", rank)

    def path(self, rank, name=""):
        return os.path.join(self.folder, f"rank{rank}", name)

    def put(self, picture, rank):
        shutil.copy(os.path.join(PICTURES, picture), self.path(rank, "start.png"))

    def put_all(self, picture):
        for rank in range(MOST_RANKS):
            self.put(picture, rank)

    def start(self, options=(), environment=None, of_rank=None):
        """Starts the launch. of_rank: (rank or None for all, environment of it alone, in which $rank is its number)."""
        variables = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                         OMPI_MCA_rmaps_base_oversubscribe="1", OMPI_MCA_mpi_yield_when_idle="1",
                         PRTE_MCA_rmaps_default_mapping_policy=":oversubscribe", OMP_WAIT_POLICY="passive",
                         VQC_FAULT_ROUND=self.token)
        variables.update(environment or {})
        threads = [] if "--threads" in options else ["--threads", "1"]
        command = [self.program, "render", "job.yaml", "-o", self.out, "--checkpoint", "0", "--peer-timeout",
                   PEER_TIMEOUT, *threads, *options]
        rank, extra = of_rank or (0, {})
        script = f'rank=${{OMPI_COMM_WORLD_RANK:-0}}; cd "{self.folder}/rank$rank"; '
        script += "" if rank is None else f"[ $rank != {rank} ] || "
        script += "export " + " ".join(f"{key}={value}" for key, value in {"VQC_FAULT_NOTHING": 1, **extra}.items())
        words = ["sh", "-c", script + '; exec "$0" "$@"', *command]
        if self.ranks > 1:
            words = ["mpirun", "--bind-to", "none", "-n", str(self.ranks), *words]
        self.messages = open(os.path.join(self.folder, "messages"), "w+")
        self.launch = subprocess.Popen(words, env=variables, stdout=self.messages, stderr=subprocess.STDOUT,
                                       stdin=subprocess.DEVNULL)
        self.begun = time.monotonic()

    def processes(self):
        """The ranks' processes, this round's alone."""
        found = []
        for name in os.listdir("/proc"):
            try:
                if os.readlink(f"/proc/{name}/exe") == self.program and \
                        f"VQC_FAULT_ROUND={self.token}\0".encode() in open(f"/proc/{name}/environ", "rb").read():
                    found.append(int(name))
            except OSError:
                pass
        return found

    def end(self):
        """Waits for the launch's end; the exit code."""
        try:
            code = self.launch.wait(LONGEST)
        except subprocess.TimeoutExpired:
            self.log += f"--- no end\n{open(self.messages.name).read()}\n"
            for process in [*self.processes(), self.launch.pid]:
                state = [line for line in open(f"/proc/{process}/status") if line.startswith(("Name", "State"))]
                self.log += f"{process}: {''.join(state)}"
                try:
                    os.kill(process, signal.SIGKILL)
                except OSError:
                    pass
            self.launch.wait()
            raise Failed(f"the launch did not end in {LONGEST} s")
        deadline = time.monotonic() + 20
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        left = self.processes()
        for process in left:
            os.kill(process, signal.SIGKILL)
        self.messages.seek(0)
        said = self.messages.read()
        self.messages.close()
        self.said = said
        self.log += f"--- exit code {code}\n{said}\n"
        if left:
            raise Failed("processes were left running")
        return code

    def run(self, *arguments, **named):
        self.start(*arguments, **named)
        return self.end()

    def signal(self, number, processes):
        """Sends it to them; whether one was there."""
        reached = False
        for process in processes:
            try:
                os.kill(process, number)
                reached = True
            except OSError:
                pass
        return reached

    def signal_one(self, number, choose):
        processes = sorted(self.processes())
        return self.signal(number, [choose.choice(processes)] if processes else [])

    def archive(self):
        return os.path.join(self.out, "faults.h5")

    def digests(self):
        """By number: state, device line and digests."""
        result = subprocess.run([self.program, "show", self.archive(), "--json"], capture_output=True, text=True)
        if result.returncode != 0:
            raise Failed(f"show: {result.stderr.strip()}")
        return [(r["state"], r.get("device", ""), r.get("picture_sha256"), r.get("latent_sha256"))
                for r in json.loads(result.stdout)["renders"]]

    def half(self, choose, seconds):
        """A launch that is asked to stop on the way; False where there is no archive yet."""
        self.start()
        time.sleep(0.2 + choose.random() * seconds)
        self.signal_one(signal.SIGUSR1, choose)
        code = self.end()
        self.disturbed = code != 0
        if code not in (0, 3) and code not in (-signal.SIGUSR1, 128 + signal.SIGUSR1):  # before it watched for signals
            raise Failed(f"stopped by SIGUSR1: exit code {code}")
        return os.path.exists(self.archive())


class Faults:
    """What all rounds have in common."""

    def __init__(self, tools, folder):
        self.tools, self.folder = tools, folder
        self.references, self.seconds, self.writes = {}, {}, {}
        self.bf16 = False

    def new(self, name, ranks):
        folder = os.path.join(self.folder, name)
        return Round(self.tools, folder, ranks, f"{os.getpid()}-{name}")

    def reference_make(self, key, options=(), environment=None):
        """The digests of an undisturbed run on one rank."""
        r = self.new(f"reference-{key}", 1)
        if r.run(options, environment) != 0:
            return False
        self.references[key] = [(p, l) for _, _, p, l in r.digests()]
        return True

    def measure(self):
        """How long a launch takes, and how often each rank writes to the archive, at least."""
        for ranks in range(1, MOST_RANKS + 1):
            r = self.new(f"measure-{ranks}", ranks)
            count = os.path.join(r.folder, "count")
            r.run(of_rank=(None, {"LD_PRELOAD": self.tools[1], "VQC_FAULT_COUNT": f"{count}$rank"}))
            self.seconds[ranks] = time.monotonic() - r.begun
            for rank in range(ranks):
                name = f"{count}{rank}"
                self.writes[ranks, rank] = int(open(name).read()) if os.path.exists(name) else 1


class Disturbance:
    """One round: its fault, and what must hold then."""

    def __init__(self, faults, choose):
        self.faults, self.choose = faults, choose
        self.references, self.seconds, self.tools = faults.references, faults.seconds, faults.tools
        self.folder, self.bf16 = faults.folder, faults.bf16

    # -- What must hold --

    def expect_finished(self, r, code):
        if code != 0:
            raise Failed(f"the same command again: exit code {code}")
        for number, (state, device, *digests) in enumerate(r.digests()):
            key = "bf16" if "bf16" in device else "sse41" if "; sse41;" in device else "usual"
            if state != "done" or tuple(digests) != self.references[key][number]:
                raise Failed(f"render {number}: {state}, not the bytes of an undisturbed run ({device})")

    def again(self, r, options=(), environment=None):
        """The same command, until no render is left; a rank that was lost may have left one failed."""
        if self.choose.random() < 0.5:
            r.ranks = self.choose.randint(1, MOST_RANKS)
        self.expect_finished(r, r.run(options, environment))

    def expect_refusal(self, r, code, words, codes=(2,)):
        if code not in codes or not any(word in r.said for word in words):
            raise Failed(f"expected exit code {codes} and one of {words}, found {code}")

    # -- The faults: each leaves the archive such that the same command finishes it --

    def wait(self, r):
        time.sleep(self.choose.random() * self.seconds[r.ranks])

    def kill(self, r):
        r.start()
        self.wait(r)
        if self.choose.random() < 0.5:
            r.disturbed = r.signal_one(signal.SIGKILL, self.choose)
        else:
            r.disturbed = r.signal(signal.SIGKILL, r.processes())
        r.end()

    def stop(self, r):
        r.start()
        self.wait(r)
        if r.ranks > 1:
            r.disturbed = r.signal_one(signal.SIGSTOP, self.choose)
        else:
            processes = r.processes()
            r.disturbed = r.signal(signal.SIGSTOP, processes)
            time.sleep(0.3)
            r.signal(signal.SIGCONT, processes)
        # What is stopped does not end by itself when the others have; a person would kill it. Who is stopped while MPI
        # starts is waited for by MPI, without end, before the ranks watch each other: it goes on.
        begun = time.monotonic()
        while r.launch.poll() is None and time.monotonic() < begun + LONGEST:
            time.sleep(0.2)
            left = r.processes()
            if len(left) == 1 and r.ranks > 1:
                r.signal(signal.SIGKILL, left)
            elif time.monotonic() > begun + 20 and os.path.getsize(r.messages.name) == 0:
                r.signal(signal.SIGCONT, left)
        r.end()

    def signalled(self, r):
        r.half(self.choose, self.seconds[r.ranks])

    def write_error(self, r):
        rank = self.choose.randrange(r.ranks)
        call = self.choose.randint(1, self.faults.writes[r.ranks, rank])
        code = r.run(of_rank=(rank, {"LD_PRELOAD": self.tools[1], "VQC_FAULT_CALL": call}))
        r.log += f"write error at call {call} of rank {rank}\n"
        r.disturbed = "shim: write" in r.said
        if r.disturbed and code == 0:
            # The one call that may fail in silence: HDF5 takes its mark off the file, which nobody reads.
            self.expect_finished(r, code)

    def changed_clock(self, r):
        seconds = self.choose.choice([-1000000, -3600, -2, 2, 3600, 1000000])
        change = {"LD_PRELOAD": self.tools[1], "VQC_FAULT_CLOCK": seconds}
        self.expect_finished(r, r.run(of_rank=(self.choose.choice([None, *range(r.ranks)]), change)))

    def archive_damaged(self, r):
        """A byte of what no launch writes is another one, and then what it was."""
        if not r.half(self.choose, self.seconds[r.ranks]):
            return
        r.disturbed = True
        with open(r.archive(), "r+b") as file:
            data = file.read()
            lines = data[:data.index(b"\nsha256 ")].split(b"\n")
            written = [tuple(map(int, line.split()[1:])) for line in lines[3:]]
            # In the seal's text behind its first line, or where no launch writes.
            places = range(len(lines[0]) + 1, data.index(b"\nsha256 ") + 72) if self.choose.random() < 0.3 else \
                [p for (o, s), (end, _) in zip(written, written[1:] + [(len(data), 0)]) for p in range(o + s, end)]
            place = self.choose.choice(places)
            r.log += f"byte {place} of {len(data)}\n"
            file.seek(place)
            file.write(bytes([data[place] ^ 1 << self.choose.randrange(8)]))
            file.flush()
            code = r.run()
            self.expect_refusal(r, code, ["this archive is damaged", "the seal at its start is damaged",
                                          "this archive is truncated or damaged"])
            file.seek(place)
            file.write(data[place:place + 1])

    def full_disk(self, r):
        os.makedirs(r.out)
        size = self.choose.choice([64, 256, 1024, 2048, 2200, 4096])
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", r.out],
                                               capture_output=True).returncode != 0:
            return "skipped: needs to mount"
        r.mounted = True
        code = r.run()
        r.disturbed = code != 0
        if code != 0:
            self.expect_refusal(r, code, ["No space left on device"], codes=(1,))
            if os.path.exists(r.archive()) or os.path.exists(r.archive() + ".partial"):
                raise Failed("something was left on the full disk")
        subprocess.run(["mount", "-o", "remount,size=64m", r.out], check=True)
        return None

    def input_replaced(self, r):
        if not r.half(self.choose, self.seconds[r.ranks]):
            return
        r.disturbed = True
        r.put_all("grey.png")
        self.expect_refusal(r, r.run(), ["start.png (init) is not the file that this archive was begun with"])
        r.put_all("colour.png")

    def input_replaced_under_way(self, r):
        r.start()
        self.wait(r)
        r.put_all("grey.png")
        code = r.end()
        if code != 0:
            # Renders that had not begun refuse it; so does a launch that had not begun.
            r.disturbed = True
            self.expect_refusal(r, code, ["is another now", "renders failed", "differs from rank 0"], codes=(1, 2))
        if not os.path.exists(r.archive()):
            r.put_all("colour.png")
            return
        first = r.digests()
        if r.run() == 0:
            # It was replaced before the launch looked: a study of the other picture from its beginning.
            r.other = True
            if any(digests[2:] == list(self.references["usual"][i]) for i, digests in enumerate(first) if i > 1):
                raise Failed("an archive of two starts")
            return
        self.expect_refusal(r, 2, ["is not the file that this archive was begun with"])
        r.put_all("colour.png")

    def archive_replaced(self, r):
        other = os.path.join(self.folder, "reference-usual", "out", "faults.h5")
        r.start()
        while not os.path.exists(r.archive()) and r.launch.poll() is None:
            time.sleep(0.02)
        time.sleep(self.choose.random() * 0.5 * self.seconds[r.ranks])
        how = self.choose.choice(["remove", "replace", "cut", "rename", "folder"])
        r.log += how + "\n"
        under_way = r.launch.poll() is None
        if how == "remove":
            os.unlink(r.archive())
        elif how == "replace":
            shutil.copy(other, r.archive() + ".new")
            os.rename(r.archive() + ".new", r.archive())
        elif how == "cut":
            os.truncate(r.archive(), self.choose.choice([0, 1000, 100000]))
        elif how == "rename":
            os.rename(r.archive(), r.archive() + ".away")
        else:
            os.rename(r.out, r.out + ".away")
        # Ranks say that all is done right after they have looked for the last time; mpirun takes a while to end.
        time.sleep(1)
        ending = not under_way or f"of 4 renders in {r.archive()}" in open(r.messages.name).read()
        code = r.end()
        if code == 0 and not ending:
            raise Failed("exit code 0, and the archive is not there")
        r.close_call = code == 0
        if code != 0:
            # Of a launch that is only beginning, the file may be gone or cut when its ranks open it.
            self.expect_refusal(r, code, ["while the launch wrote to it", "renders failed", "cannot be opened"],
                                codes=(1, 2))
        if how == "cut":
            if os.path.exists(r.archive()) and os.path.getsize(r.archive()) != os.path.getsize(other):
                self.expect_refusal(r, r.run(), ["cannot be opened", "is not a vqclip archive", "does not lie within",
                                                 "truncated"])
            if os.path.exists(r.archive()):
                os.unlink(r.archive())

    def other_instruction_set(self, r):
        r.half(self.choose, self.seconds[r.ranks])
        self.again(r, environment={"DNNL_MAX_CPU_ISA": "SSE41", "ONEDNN_MAX_CPU_ISA": "SSE41"})

    def other_precision(self, r):
        r.half(self.choose, self.seconds[r.ranks])
        if self.bf16:
            self.again(r, ["--precision", "bf16"])
        else:
            code = r.run(["--precision", "bf16"])
            r.disturbed = True
            self.expect_refusal(r, code, ["--precision bf16: "])

    def fewer_threads(self, r):
        r.start(["--threads", "2"])
        self.wait(r)
        r.disturbed = r.signal_one(signal.SIGUSR1, self.choose)
        r.end()
        if self.choose.random() < 0.5:
            code = r.run(["--threads", "2"], {"OMP_THREAD_LIMIT": "1"})
            self.expect_refusal(r, code, ["OMP_THREAD_LIMIT"])

    def other_ranks_file(self, r):
        rank = self.choose.randrange(1, r.ranks)
        what = self.choose.choice(["start", "job", "fewer"])
        if what == "start":
            r.put("grey.png", rank)
        else:
            with open(r.path(rank, "job.yaml"), "w") as job:
                job.write(JOB.replace("noise: 1", "noise: 3") if what == "job" else JOB.replace("[0, 1]", "[0]"))
        self.expect_refusal(r, r.run(), [f"rank {rank} on "])
        if os.path.exists(r.out):
            raise Failed("something was written")
        r.put("colour.png", rank)
        with open(r.path(rank, "job.yaml"), "w") as job:
            job.write(JOB)
        return None

    def run(self, name, r):
        """Makes the fault; what to count the round as."""
        try:
            skipped = getattr(self, name)(r)
            if skipped:
                return skipped
            if not r.other:
                self.again(r)
                if self.choose.random() < 0.25:
                    self.expect_finished(r, r.run())  # done: nothing happens
            if r.close_call:
                return "noticed too late to act"
            return "right" if r.disturbed else "came when all was done"
        except Failed as failure:
            print(f"{os.path.basename(r.folder)}, {name} FAILED: {failure}\n{r.log[-3000:]}", flush=True)
            return "FAILED"
        finally:
            if r.mounted:
                subprocess.run(["umount", r.out])
            shutil.rmtree(r.folder, ignore_errors=True)


FAULTS = ["kill", "stop", "signalled", "write_error", "full_disk", "input_replaced", "input_replaced_under_way",
          "archive_replaced", "archive_damaged", "changed_clock", "other_instruction_set", "other_precision",
          "fewer_threads", "other_ranks_file"]


class Rounds:
    """Which round is next, and what came of those that are over; for several threads."""

    def __init__(self, faults, seed, first, count, end):
        self.faults, self.seed, self.next, self.last, self.end = faults, seed, first, first + count, end
        self.counts = collections.defaultdict(collections.Counter)
        self.ranks = collections.Counter()
        self.lock = threading.Lock()

    def work(self):
        names = os.environ.get("FAULTS", "").split() or FAULTS
        while time.monotonic() < self.end:
            with self.lock:
                number, self.next = self.next, self.next + 1
            if number >= self.last:
                return
            name = names[number % len(names)]
            choose = random.Random(f"{self.seed} {number}")
            ranks = choose.randint(2 if name == "other_ranks_file" else 1, MOST_RANKS)
            r = self.faults.new(f"round-{number}-{ranks}-ranks", ranks)
            outcome = Disturbance(self.faults, choose).run(name, r)
            with self.lock:
                self.counts[name][outcome.split(":")[0]] += 1
                self.ranks[ranks] += 1

    def print(self, minutes):
        done = sum(self.ranks.values())
        outcomes = [o for o in ("right", "came when all was done", "noticed too late to act", "skipped", "FAILED")
                    if o in ("right", "FAILED") or any(counter[o] for counter in self.counts.values())]
        print(f"\n{done} rounds of seed {self.seed} in {minutes:.0f} minutes; first launches of 1 to 4 ranks: "
              + ", ".join(str(self.ranks[n]) for n in range(1, MOST_RANKS + 1)) + "\n")
        print("| fault | " + " | ".join(outcomes) + " |")
        print("| --- |" + " --- |" * len(outcomes))
        for name in FAULTS:
            print(f"| {name.replace('_', ' ')} | " + " | ".join(str(self.counts[name][o]) for o in outcomes) + " |")


def main():
    program, shim, rounds, seed, minutes = sys.argv[1:]
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        faults = Faults((program, shim), folder)
        if not faults.reference_make("usual"):
            sys.exit("the undisturbed run failed")
        faults.reference_make("sse41", environment={"DNNL_MAX_CPU_ISA": "SSE41", "ONEDNN_MAX_CPU_ISA": "SSE41"})
        faults.bf16 = faults.reference_make("bf16", ["--precision", "bf16"])
        faults.measure()
        all_rounds = Rounds(faults, seed, int(os.environ.get("FIRST", "0")), int(rounds), begun + 60 * float(minutes))
        workers = [threading.Thread(target=all_rounds.work) for _ in range(int(os.environ.get("WORKERS", "2")))]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        all_rounds.print((time.monotonic() - begun) / 60)
    sys.exit(any(counter["FAILED"] for counter in all_rounds.counts.values()))


if __name__ == "__main__":
    main()
