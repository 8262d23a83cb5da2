/* A planted fault for test_team.c: picture gradients are added as floats, within a member in the order of its groups
 * and then member by member. The linker puts these functions in place of the program's (--wrap). The device is the
 * cpu, whose memory is the host's. */

#include <stdlib.h>
#include <string.h>

#include "comm/team.h"
#include "ops/step.h"

vqc_status __wrap_vqc_ops_gradient_sum_add(vqc_ops *ops, int64_t *sum, const float *values, size_t count,
                                           vqc_error *error);
vqc_status __wrap_vqc_ops_gradient_sum_clear_marks(vqc_ops *ops, int64_t *sum, size_t count, int64_t *marks,
                                                   vqc_error *error);
vqc_status __wrap_vqc_ops_gradient_sum_read(vqc_ops *ops, const int64_t *sum, float *values, size_t count,
                                            vqc_error *error);
vqc_status __wrap_vqc_team_sum_device(vqc_team *team, vqc_ops *ops, int64_t *values, size_t count, vqc_error *error);

/* A word holds the bits of a float. */
static void word_add(int64_t *word, float value)
{
    float sum;
    memcpy(&sum, word, sizeof sum);
    sum += value;
    memcpy(word, &sum, sizeof sum);
}

vqc_status __wrap_vqc_ops_gradient_sum_add(vqc_ops *ops, int64_t *sum, const float *values, size_t count,
                                           vqc_error *error)
{
    (void)ops, (void)error;
    for (size_t i = 0; i < count; i++)
        word_add(&sum[i], values[i]);
    return VQC_OK;
}

vqc_status __wrap_vqc_ops_gradient_sum_clear_marks(vqc_ops *ops, int64_t *sum, size_t count, int64_t *marks,
                                                   vqc_error *error)
{
    (void)ops, (void)sum, (void)count, (void)error;
    *marks = 0;
    return VQC_OK;
}

vqc_status __wrap_vqc_ops_gradient_sum_read(vqc_ops *ops, const int64_t *sum, float *values, size_t count,
                                            vqc_error *error)
{
    (void)ops, (void)error;
    for (size_t i = 0; i < count; i++)
        memcpy(&values[i], &sum[i], sizeof values[i]);
    return VQC_OK;
}

/* Gathers the members' words, each in a row of its own that the others leave at zero, and adds the rows in order. */
vqc_status __wrap_vqc_team_sum_device(vqc_team *team, vqc_ops *ops, int64_t *values, size_t count, vqc_error *error)
{
    (void)ops;
    size_t members = (size_t)vqc_team_size(team);
    if (members == 1)
        return VQC_OK;
    int64_t *rows = calloc(members * count, sizeof *rows);
    if (rows == NULL)
        return vqc_error_set(error, VQC_FAILED, "no memory");
    memcpy(rows + (size_t)vqc_team_member(team) * count, values, count * sizeof *rows);
    vqc_status status = vqc_team_sum(team, rows, members * count, error);
    memcpy(values, rows, count * sizeof *values);
    for (size_t member = 1; member < members; member++) {
        for (size_t i = 0; i < count; i++) {
            float value;
            memcpy(&value, &rows[member * count + i], sizeof value);
            word_add(&values[i], value);
        }
    }
    free(rows);
    return status;
}
