#ifndef VQC_BASE_STATUS_H
#define VQC_BASE_STATUS_H

/* What holds in every header, so that none repeats it.
 *
 * Errors. A function that can fail returns a vqc_status and takes a vqc_error as its last argument. On failure it has
 * filled the error with one line that a user can act on: which file, which line, key or tensor, what was expected
 * and what was found. On success the error is left as it was. Nothing below main.c prints an error or exits. A
 * failure that a header does not say to be VQC_BAD_INPUT is VQC_FAILED: no memory, a full disk, a library, MPI or a
 * device that refuses. What a function hands on from another one it calls is as that one has it.
 *
 * Ownership. create/destroy are of heap memory, init/release of a structure that the caller has, open/close of a
 * file, a connection, or what is read from one. A destroy takes NULL where its header says so, a release a structure
 * of zeros. What a function gives through `..._out` is the caller's; after a failure it has no meaning and there is
 * nothing to release, unless the header says otherwise. What a function takes stays the caller's, and is not needed
 * after the call unless the header says that it must outlive something.
 *
 * Threads and ranks. A function is not collective over MPI unless its header says so. An object is used by one thread
 * at a time; different objects may be used by different threads, apart from those made with one vqc_ops. */

/* The reasons for failure. main.c turns them into the exit code. */
typedef enum vqc_status {
    VQC_OK = 0,        /* exit code 0 */
    VQC_FAILED = 1,    /* the run failed: no memory, disk full, a library refused; exit code 1 */
    VQC_BAD_INPUT = 2, /* usage, a file or a value given by the user is wrong; exit code 2 */
    VQC_STOPPED = 3    /* asked to stop before all was done, and saved; the same command goes on; exit code 3 */
} vqc_status;

enum { VQC_ERROR_MESSAGE_SIZE = 1024 };

/* One failure. Plain memory, no ownership; initialise with {0}. */
typedef struct vqc_error {
    vqc_status status;
    char message[VQC_ERROR_MESSAGE_SIZE]; /* one line, UTF-8, without a full stop or newline at its end */
} vqc_error;

/* Fills the error and gives the status, so that `return vqc_error_set(error, VQC_BAD_INPUT, "...", ...)` is the usual
 * way out. Control characters and bytes that are not UTF-8 (names from hostile files) are shown as \xNN; a message
 * that is too long is cut. A macro, so that the compiler sees in every caller that the status is a failure; it would
 * warn of results left unset otherwise. */
#define vqc_error_set(error, status, ...) (vqc_error_fill((error), (status), __VA_ARGS__), (status))

/* Does the work of vqc_error_set. */
void vqc_error_fill(vqc_error *error, vqc_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " in front of the message that is already there; for callers that know the file or key. Returns
 * the error's status. */
vqc_status vqc_error_prefix(vqc_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Leaves the calling function with the status of the expression if that is a failure. Functions that hold
 * something to release use the status directly instead. */
#define VQC_TRY(expression)                                                                                          \
    do {                                                                                                             \
        vqc_status vqc_try_status = (expression);                                                                    \
        if (vqc_try_status != VQC_OK)                                                                                \
            return vqc_try_status;                                                                                   \
    } while (0)

/* Marks a result that must be looked at. */
#define VQC_MUST_CHECK __attribute__((warn_unused_result))

#endif
