#ifndef VQC_TESTS_MODELS_MODEL_TEST_H
#define VQC_TESTS_MODELS_MODEL_TEST_H

#include "network/network.h"
#include "weights/weights.h"

/* What the model tests share: the device and precision under test, and comparison with a file of expected values
 * (pictures channels first, as the public implementations have them). */
typedef struct model_test {
    vqc_ops *ops;
    vqc_dtype precision;
} model_test;

/* Reads "NAME DEVICE PRECISION" from the command line and opens the device; exits on failure. */
void model_test_open(model_test *test, int argc, char **argv);
void model_test_close(model_test *test);

/* PATH of a file in the folder of reference files; NULL, with a message, if it is not there. */
const char *model_test_reference(const char *name);
/* PATH of a file in tests/models/fixtures. */
const char *model_test_fixture(const char *name);

/* Opens expected values; fails the test if it cannot. */
vqc_weights *model_test_expected(const char *path);
/* A tensor as f32, NULL if the file has none; rank 4 comes channels last. Freed by the caller. */
float *model_test_tensor(const vqc_weights *expected, const char *name, int64_t shape[4]);
/* The same for integers. */
int32_t *model_test_integers(const vqc_weights *expected, const char *name, int64_t shape[4]);

typedef enum model_test_kind { MODEL_TEST_OUTPUT, MODEL_TEST_GRADIENT } model_test_kind;

/* Fails the test unless a network's value (for gradients: its gradient) is the expected tensor within the tolerance
 * of the precision under test. Prints the figure. */
void model_test_compare(const model_test *test, vqc_network *network, vqc_value value, model_test_kind kind,
                        const vqc_weights *expected, const char *name);

/* Fails the test unless the status is VQC_OK, and then shows the error. */
void model_test_ok(vqc_status status, const vqc_error *error);

#endif
