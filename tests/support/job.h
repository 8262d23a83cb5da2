#ifndef VQC_TESTS_SUPPORT_JOB_H
#define VQC_TESTS_SUPPORT_JOB_H

#include <unistd.h>

#include "check.h"
#include "scratch.h"
#include "study/study.h"

/* Pieces of job files: small models, the first perceptor alone or two of different input size. */
#define JOB_FIXTURES VQC_SOURCE_DIR "/tests/models/fixtures/"
#define JOB_GENERATOR                                                                                                \
    "  generator: {config: " JOB_FIXTURES "net2net.yaml, checkpoint: " JOB_FIXTURES "net2net.safetensors}\n"
#define JOB_PERCEPTOR "checkpoint: " JOB_FIXTURES "open_clip_gelu/open_clip_model.safetensors"
#define JOB_MODELS "models:\n" JOB_GENERATOR "  perceptors: [{name: first, " JOB_PERCEPTOR "}]\n"
#define JOB_TWO_PERCEPTORS                                                                                           \
    "models:\n" JOB_GENERATOR "  perceptors:\n"                                                                      \
    "    - {name: first, " JOB_PERCEPTOR "}\n"                                                                       \
    "    - {name: second, checkpoint: " JOB_FIXTURES "hugging_face_heads/model.safetensors, weight: 0.5}\n"

/* The study of a job file's text, by way of a file. */
static inline vqc_study *job_open(const char *text)
{
    char path[PATH_SIZE];
    vqc_error error = {0};
    vqc_study *study;
    check(vqc_study_open(bytes_write(path, "job", text, strlen(text)), &study, &error), &error);
    (void)unlink(path);
    return study;
}

#endif
