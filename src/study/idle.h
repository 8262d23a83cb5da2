#ifndef VQC_STUDY_IDLE_H
#define VQC_STUDY_IDLE_H

#include <stdbool.h>

#include "base/text.h"
#include "study/study.h"

/* Settings that are given and change nothing, because of what others are. They are no faults: a sweep may have a
 * method that uses a key beside one that does not. So what is said is which keys have no effect in any of the renders
 * that have them. What can never have one is refused when the job file is read (vqc_settings_check, and options that
 * the leading word does not have). */

/* Appends a remark for each such key, with a NUL behind it. has_codes: whether the generator has a codebook. */
VQC_MUST_CHECK vqc_status vqc_study_idle_keys(const vqc_study *study, bool has_codes, vqc_text *remarks,
                                              vqc_error *error);

/* Whether there are settings beside which this key ("l2.every") has no effect. */
bool vqc_study_may_be_idle(const char *key);

#endif
