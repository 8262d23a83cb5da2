#ifndef VQC_TEXT_LOWER_CASE_H
#define VQC_TEXT_LOWER_CASE_H

#include "text/code_points.h"

/* Appends to target the text in lower case: Unicode's full mapping without a language's own rules (Unicode Standard,
 * section 3.13 and SpecialCasing), which is Python's str.lower(). Two mappings are not one to one: İ becomes i with a
 * combining dot, and Σ at the end of a word becomes ς. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_lower_case(const vqc_code_points *text, vqc_code_points *target, vqc_error *error);

/* The same character by character, as Rust's char::to_lowercase: Σ always becomes σ. */
VQC_MUST_CHECK vqc_status vqc_lower_case_each(const vqc_code_points *text, vqc_code_points *target, vqc_error *error);

#endif
