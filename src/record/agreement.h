#ifndef VQC_RECORD_AGREEMENT_H
#define VQC_RECORD_AGREEMENT_H

#include "archive/archive.h"
#include "comm/comm.h"
#include "record/environment.h"

/* Ranks read their files by themselves, maybe each on a disk of its own, and maybe while somebody changes them. What
 * they are to do must be one and the same, before anything is written.
 *
 * Compares all that pictures depend on: the job file, models, inputs, renders, and the environment but for its
 * threads. Collective; all ranks get the same answer. Where a rank has others than rank 0 it is VQC_BAD_INPUT, which
 * names the rank, its host and the first difference. */
VQC_MUST_CHECK vqc_status vqc_plan_agree(vqc_comm *comm, const vqc_archive_outline *outline,
                                         const vqc_environment *environment, vqc_error *error);

#endif
