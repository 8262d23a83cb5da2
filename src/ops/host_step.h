#ifndef VQC_OPS_HOST_STEP_H
#define VQC_OPS_HOST_STEP_H

#include "ops/implementation.h"

/* The functions of ops/step.h where the device's memory is the host's: plain loops, for ref and cpu. */
extern const vqc_step_functions vqc_host_step;

#endif
