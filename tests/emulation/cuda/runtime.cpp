#include "emulation.hpp"

#include <chrono>
#include <cstdlib>
#include <vector>

#include <ucontext.h>
#include <unistd.h>

/* The runtime and the execution of kernels; see emulation.hpp. */

struct emulated_graph {
    std::vector<std::function<void()>> work;
};

struct emulated_stream {
    emulated_graph *captured; /* NULL unless capturing */
};

struct emulated_event {
    unsigned long record; /* the number of its last one; 0: none */
    int questions;        /* since then */
    std::chrono::steady_clock::time_point at;
};

namespace emulation
{

place current;

namespace
{

enum class state { not_started, ready, waits_for_block, waits_for_warp, ended };

/* What a thread that waits has on its stack is a few lines of the cache, STACK_SHIFT bytes. Each stack is longer by
 * as much than the one before, so that these lines do not drive each other out. */
enum { STACK_SIZE = 256 * 1024, STACK_SHIFT = 448, MAX_THREADS = 1024, SLOTS = 2 };

/* A place to go on at. The library's jumps see to signals and to clean-up that there is none of here, and take longer
 * than most threads run between two barriers; these are the compiler's own, and a buffer of theirs has five words. */
struct jump_place {
    void *words[5];
};

/* A thread runs on a fiber, which takes the next thread that has not started when one ends. So kernels without
 * barriers need a single fiber. A fiber is made with a context, as it needs a stack of its own, but left and gone on
 * with by jumps, which unlike contexts need no system calls; it is kept for later blocks. */
struct fiber {
    ucontext_t context;
    jump_place place;
    std::vector<char> stack; /* empty before the first use */
};

struct thread {
    state now;
    unsigned fiber;
    dim3 place;
    unsigned exchanges;
    std::uint64_t slot[SLOTS]; /* what it gave at these, in turn */
};

std::vector<fiber> fibers(MAX_THREADS);
std::vector<thread> threads(MAX_THREADS);
ucontext_t scheduler_start;
jump_place scheduler;
/* Of this launch: whether it goes from the last thread and block to the first, and whether each warp goes as far as
 * it can before the next goes on, rather than all threads at the same pace. */
bool backwards;
bool warp_by_warp;
unsigned thread_count;
unsigned next_thread; /* the first that has not started */
unsigned start_end;   /* one past the last that may start now */
unsigned running;     /* thread */
unsigned running_fiber;
unsigned turn, turn_end; /* of the round under way: the next, and one past the last */
const std::function<void()> *running_body;

void fail(const char *what)
{
    std::fprintf(stderr, "emulation: %s\n", what);
    std::abort();
}

/* Chooses the order of this launch. */
void order_choose()
{
    static std::uint32_t number = 0;
    number = number * 1664525U + 1013904223U;
    backwards = number >> 31 != 0;
    warp_by_warp = (number >> 30 & 1) != 0;
}

/* Which of count things comes at this turn. */
unsigned in_turn(unsigned turn, unsigned count)
{
    return backwards ? count - 1 - turn : turn;
}

dim3 place_in_block(unsigned number, dim3 block)
{
    return dim3(number % block.x, number / block.x % block.y, number / block.x / block.y);
}

void thread_enter(unsigned number)
{
    running = number;
    current.thread = threads[number].place;
}

/* Leaves the running fiber: for the next thread of the round that can go on, or the scheduler. */
[[noreturn]] void round_go_on()
{
    while (turn < turn_end) {
        unsigned t = in_turn(turn++, thread_count);
        if (threads[t].now != state::ready)
            continue;
        thread_enter(t);
        running_fiber = threads[t].fiber;
        __builtin_longjmp(fibers[running_fiber].place.words, 1);
    }
    __builtin_longjmp(scheduler.words, 1);
}

/* Functions that a jump leads back to stand by themselves, as it may spoil the variables of their callers. */
__attribute__((noinline)) void fiber_leave(fiber *left)
{
    if (__builtin_setjmp(left->place.words) == 0)
        round_go_on();
}

void fiber_main()
{
    for (unsigned fiber = running_fiber;; fiber_leave(&fibers[fiber])) {
        while (next_thread < start_end) {
            unsigned t = in_turn(next_thread++, thread_count);
            threads[t] = {state::ready, fiber, place_in_block(t, current.block_size), 0, {}};
            thread_enter(t);
            (*running_body)();
            threads[t].now = state::ended;
        }
    }
}

void fiber_make(unsigned number)
{
    fiber &f = fibers[number];
    f.stack.resize(STACK_SIZE + number * STACK_SHIFT);
    getcontext(&f.context);
    f.context.uc_stack.ss_sp = f.stack.data();
    f.context.uc_stack.ss_size = f.stack.size();
    f.context.uc_link = nullptr;
    makecontext(&f.context, fiber_main, 0);
    swapcontext(&scheduler_start, &f.context);
}

/* Lets a fiber that has no thread take those that may start. */
__attribute__((noinline)) void fiber_start(unsigned number)
{
    running_fiber = number;
    if (__builtin_setjmp(scheduler.words) != 0)
        return;
    if (fibers[number].stack.empty())
        fiber_make(number);
    __builtin_longjmp(fibers[number].place.words, 1);
}

void wait_as(state how)
{
    threads[running].now = how;
    fiber_leave(&fibers[running_fiber]);
}

/* Lets the threads of turns first..end-1 go on if all of them that have not ended wait like this; whether it did. */
bool release(unsigned first, unsigned end, state how)
{
    bool any = false;
    for (unsigned i = first; i < end; i++) {
        state now = threads[in_turn(i, thread_count)].now;
        if (now != how && now != state::ended)
            return false;
        any = any || now == how;
    }
    for (unsigned i = first; i < end && any; i++) {
        thread &t = threads[in_turn(i, thread_count)];
        if (t.now == how)
            t.now = state::ready;
    }
    return any;
}

/* Goes on with all threads of turns first..end-1 that can go on, until they wait or end. */
__attribute__((noinline)) void threads_advance(unsigned first, unsigned end)
{
    turn = first;
    turn_end = end;
    if (__builtin_setjmp(scheduler.words) == 0)
        round_go_on();
}

/* One past the last turn of the warp whose first turn this is. */
unsigned warp_end(unsigned first)
{
    unsigned whole = thread_count - first < WARP ? thread_count - first : (unsigned)WARP;
    return first + (backwards && first == 0 && thread_count % WARP != 0 ? thread_count % WARP : whole);
}

bool warps_release()
{
    bool any = false;
    for (unsigned first = 0; first < thread_count; first = warp_end(first))
        any = release(first, warp_end(first), state::waits_for_warp) || any;
    return any;
}

bool threads_release()
{
    bool any = release(0, thread_count, state::waits_for_block);
    return warps_release() || any;
}

/* Lets each warp go on until it waits for the others. */
void warps_advance()
{
    for (unsigned first = 0; first < thread_count; first = warp_end(first))
        do
            threads_advance(first, warp_end(first));
        while (release(first, warp_end(first), state::waits_for_warp));
}

/* Starts threads up to the turn `end`, those that come after a thread which waits on fibers of their own. */
void threads_start(unsigned end, unsigned &fiber)
{
    start_end = end;
    while (next_thread < end)
        fiber_start(fiber++);
}

/* Starts all threads. */
void block_start()
{
    unsigned fiber = 0;
    next_thread = 0;
    while (next_thread < thread_count) {
        unsigned first = next_thread;
        threads_start(warp_by_warp ? warp_end(first) : thread_count, fiber);
        while (warp_by_warp && release(first, next_thread, state::waits_for_warp))
            threads_advance(first, next_thread);
    }
}

void block_run(dim3 block)
{
    thread_count = block.x * block.y * block.z;
    for (unsigned t = 0; t < thread_count; t++)
        threads[t].now = state::not_started;
    block_start();
    while (threads_release()) {
        if (warp_by_warp)
            warps_advance();
        else
            threads_advance(0, thread_count);
    }
    for (unsigned t = 0; t < thread_count; t++)
        if (threads[t].now != state::ended)
            fail("threads wait for others that do not come");
}

} // namespace

void block_wait()
{
    wait_as(state::waits_for_block);
}

void warp_wait()
{
    wait_as(state::waits_for_warp);
}

unsigned thread_number()
{
    return running;
}

void *exchange_slot()
{
    thread &t = threads[running];
    return &t.slot[t.exchanges++ % SLOTS];
}

const void *exchange_taken(unsigned from)
{
    unsigned number = threads[running].exchanges - 1;
    if (from >= thread_count || threads[from].exchanges - number > SLOTS || threads[from].exchanges == number)
        fail("a thread takes from one that has not given");
    return &threads[from].slot[number % SLOTS];
}

void run(dim3 grid, dim3 block, const std::function<void()> &body)
{
    if (block.x * block.y * block.z > MAX_THREADS || block.x * block.y * block.z == 0 || grid.x == 0 || grid.y == 0 ||
        grid.z == 0 || grid.y > 65535 || grid.z > 65535)
        fail("a launch that no GPU takes");
    running_body = &body;
    order_choose();
    current.grid = grid;
    current.block_size = block;
    for (unsigned z = 0; z < grid.z; z++)
        for (unsigned y = 0; y < grid.y; y++)
            for (unsigned x = 0; x < grid.x; x++) {
                current.block = dim3(in_turn(x, grid.x), in_turn(y, grid.y), in_turn(z, grid.z));
                block_run(block);
            }
}

void submit(cudaStream_t stream, std::function<void()> work)
{
    if (stream != nullptr && stream->captured != nullptr)
        stream->captured->work.push_back(work);
    else
        work();
}

} // namespace emulation

cudaError_t (*emulation_stream_state)(cudaStream_t stream) = nullptr;

/* The environment variable VQC_EMULATED_DEVICES says how many devices there are; else there is one. */
static int device_count()
{
    const char *count = std::getenv("VQC_EMULATED_DEVICES");
    return count == nullptr ? 1 : std::atoi(count);
}

cudaError_t cudaGetDeviceCount(int *count)
{
    *count = device_count();
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int)
{
    std::snprintf(properties->name, sizeof properties->name, "emulation");
    properties->major = 8;
    properties->minor = 0;
    return cudaSuccess;
}

/* The environment variable VQC_EMULATED_PCI_ID tells devices of several processes apart. */
cudaError_t cudaDeviceGetPCIBusId(char *id, int size, int device)
{
    const char *chosen = std::getenv("VQC_EMULATED_PCI_ID");
    if (chosen == nullptr)
        std::snprintf(id, (size_t)size, "0000:%02d:00.0", device);
    else
        std::snprintf(id, (size_t)size, "%s", chosen);
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int device)
{
    return device >= 0 && device < device_count() ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaRuntimeGetVersion(int *version)
{
    *version = 0;
    return cudaSuccess;
}

const char *cudaGetErrorString(cudaError_t error)
{
    return error == cudaSuccess ? "no error" : error == cudaErrorMemoryAllocation ? "out of memory" : "invalid";
}

cudaError_t cudaGetLastError(void)
{
    return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *free, size_t *total)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    *free = (size_t)sysconf(_SC_AVPHYS_PAGES) * page;
    *total = (size_t)sysconf(_SC_PHYS_PAGES) * page;
    return cudaSuccess;
}

cudaError_t cudaMalloc(void **memory, size_t size)
{
    const size_t alignment = 256;
    *memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (*memory == nullptr)
        return cudaErrorMemoryAllocation;
    std::memset(*memory, 0xff, size);
    return cudaSuccess;
}

cudaError_t cudaFree(void *memory)
{
    std::free(memory);
    return cudaSuccess;
}

cudaError_t cudaHostAlloc(void **memory, size_t size, unsigned)
{
    return cudaMalloc(memory, size);
}

cudaError_t cudaFreeHost(void *memory)
{
    return cudaFree(memory);
}

cudaError_t cudaMemcpyAsync(void *target, const void *source, size_t size, enum cudaMemcpyKind, cudaStream_t stream)
{
    emulation::submit(stream, [=] { std::memcpy(target, source, size); });
    return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void *target, int value, size_t size, cudaStream_t stream)
{
    emulation::submit(stream, [=] { std::memset(target, value, size); });
    return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned)
{
    *stream = new emulated_stream{};
    return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    delete stream;
    return cudaSuccess;
}

/* Work is done when it is submitted, but nobody shall count on that: an event is over when a stream was waited for or
 * found idle after it, or when it has been asked for several times. */
static unsigned long events_recorded, events_over;

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    if (stream != nullptr && stream->captured != nullptr)
        return cudaErrorInvalidValue;
    events_over = events_recorded;
    return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t *event)
{
    *event = new emulated_event{};
    return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    delete event;
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t)
{
    event->record = ++events_recorded;
    event->questions = 0;
    event->at = std::chrono::steady_clock::now();
    return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event)
{
    enum { QUESTIONS = 3 };
    if (event->record > events_over && ++event->questions < QUESTIONS)
        return cudaErrorNotReady;
    events_over = std::max(events_over, event->record);
    return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t from, cudaEvent_t to)
{
    if (from->record == 0 || to->record == 0)
        return cudaErrorInvalidValue;
    if (from->record > events_over || to->record > events_over)
        return cudaErrorNotReady;
    *milliseconds = std::chrono::duration<float, std::milli>(to->at - from->at).count();
    return cudaSuccess;
}

cudaError_t cudaStreamQuery(cudaStream_t stream)
{
    if (stream->captured != nullptr)
        return cudaErrorInvalidValue;
    if (emulation_stream_state != nullptr && emulation_stream_state(stream) != cudaSuccess)
        return emulation_stream_state(stream);
    events_over = events_recorded;
    return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode)
{
    if (stream->captured != nullptr)
        return cudaErrorInvalidValue;
    stream->captured = new emulated_graph;
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph)
{
    *graph = stream->captured;
    stream->captured = nullptr;
    return *graph == nullptr ? cudaErrorInvalidValue : cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *executable, cudaGraph_t graph, unsigned long long)
{
    *executable = new emulated_graph(*graph);
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t)
{
    for (const auto &work : executable->work)
        work();
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    delete graph;
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable)
{
    delete executable;
    return cudaSuccess;
}
