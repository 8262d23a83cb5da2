/* Costs of plan: any bytes are costs or a one-line error; costs written out and read again are the same, and every
 * launch can be predicted from them or is refused. */

#include "memory_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "forecast/cost_file.h"
#include "forecast/prediction.h"
#include "fuzz.h"

enum { RANKS = 7 };

/* Its shapes are those of the seeds; nobody opens the models. */
static const char job[] =
    "study: planned\n"
    "models: {generator: {config: /dev/null, checkpoint: /dev/null}, perceptors: [{checkpoint: /dev/null}]}\n"
    "render: {size: [41, 25], size_rounding: down, steps: 30, crops: {count: 6, group: 2}, snapshots: 10, noise: 0, "
    "augment: []}\n"
    "seeds: [0, 1]\n"
    "prompts: [{targets: [{noise: 1}]}, {targets: [{noise: 2}, {noise: 3}], size: [32, 32], init: pixels}]\n";

/* The costs as a file of the program's; to be freed. */
static char *costs_write(const vqc_cost_table *costs)
{
    json_t *report = json_object();
    json_object_set_new(report, "costs", vqc_cost_table_to_json(costs, "here"));
    char *text = json_dumps(report, JSON_COMPACT);
    json_decref(report);
    if (text == NULL)
        abort();
    return text;
}

static void again_check(const vqc_cost_table *costs)
{
    vqc_error error = {0};
    vqc_cost_table again = {0};
    memory_file file;
    char *text = costs_write(costs);
    memory_file_open(&file, text, strlen(text));
    if (vqc_cost_table_read(file.path, costs->perceptors, &again, &error) != VQC_OK)
        abort();
    char *second = costs_write(&again);
    if (strcmp(text, second) != 0)
        abort();
    memory_file_close(&file);
    vqc_cost_table_release(&again);
    free(second);
    free(text);
}

static void launches_predict(const vqc_study *study, const vqc_cost_table *costs)
{
    for (int64_t team = 0; team < 3; team++) {
        vqc_error error = {0};
        vqc_prediction prediction = {0};
        const vqc_prediction_options options = {
            .ranks = team == 0 ? 1 : RANKS, .lanes = costs->lanes, .team = team, .latency = 1e-5, .bandwidth = 1e9};
        if (vqc_prediction_create(study, costs, &options, &prediction, &error) != VQC_OK && error.message[0] == '\0')
            abort();
        if (!isfinite(prediction.seconds) || !isfinite(prediction.efficiency) || !isfinite(prediction.used))
            abort();
        vqc_prediction_release(&prediction);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vqc_error error = {0};
    vqc_cost_table costs = {0};
    vqc_study *study;
    memory_file file;
    memory_file job_file;
    memory_file_open(&file, data, size);
    if (vqc_cost_table_read(file.path, 1, &costs, &error) == VQC_OK) {
        memory_file_open(&job_file, job, sizeof job - 1);
        if (vqc_study_open(job_file.path, &study, &error) != VQC_OK) {
            (void)fprintf(stderr, "%s\n", error.message);
            abort();
        }
        again_check(&costs);
        launches_predict(study, &costs);
        vqc_study_close(study);
        memory_file_close(&job_file);
    } else if (strchr(error.message, '\n') != NULL || error.message[0] == '\0') {
        abort();
    }
    vqc_cost_table_release(&costs);
    memory_file_close(&file);
    return 0;
}
