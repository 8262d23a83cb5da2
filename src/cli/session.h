#ifndef VQC_CLI_SESSION_H
#define VQC_CLI_SESSION_H

#include "base/dtype.h"
#include "base/status.h"
#include "cli/arguments.h"
#include "ops/ops.h"

/* The device that a command computes with, as its options say, and the time it takes. */
typedef struct vqc_session {
    const char *device;    /* --device */
    const char *precision; /* --precision */
    long threads;          /* --threads */
    bool json;             /* --json */
    vqc_ops *ops;
    vqc_dtype dtype;
    double started;      /* seconds, some clock */
    double load_seconds; /* spent on opening models and making networks */
} vqc_session;

/* The rows of an option table that fill a session. */
#define VQC_SESSION_OPTIONS(session)                                                                                 \
    {"--device", "NAME", "ref (slow, the oracle) or cpu (default)", VQC_OPTION_TEXT, &(session)->device},            \
        {"--precision", "TYPE", "of activations: f32 (default) or bf16", VQC_OPTION_TEXT, &(session)->precision},    \
        {"--threads", "N", "CPU threads (default: what the environment allows)", VQC_OPTION_INTEGER,                 \
         &(session)->threads},                                                                                       \
    {                                                                                                                \
        "--json", NULL, "print the result as JSON", VQC_OPTION_FLAG, &(session)->json                                \
    }

/* Opens the device and starts the clock. */
VQC_MUST_CHECK vqc_status vqc_session_open(vqc_session *session, vqc_error *error);
void vqc_session_close(vqc_session *session);

/* Seconds on a monotonic clock. */
double vqc_session_clock(void);

#endif
