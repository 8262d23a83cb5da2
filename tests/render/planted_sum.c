/* A planted fault for test_team.c: picture gradients are added as floats, within a member in the order of its groups
 * and then member by member. The linker puts these functions in place of the program's (--wrap). */

#include <stdlib.h>
#include <string.h>

#include "comm/team.h"

enum { PIXELS = 24 * 40 * 3 }; /* of the test's render; they come first in a step's message */

void __wrap_vqc_gradient_sum_add(int64_t *sum, const float *values, size_t count);
int64_t __wrap_vqc_gradient_sum_clear_marks(int64_t *sum, size_t count);
void __wrap_vqc_gradient_sum_read(const int64_t *sum, float *values, size_t count);
vqc_status __wrap_vqc_team_sum(vqc_team *team, int64_t *values, size_t count, vqc_error *error);
vqc_status __real_vqc_team_sum(vqc_team *team, int64_t *values, size_t count, vqc_error *error);

/* A word holds the bits of a float. */
static void word_add(int64_t *word, float value)
{
    float sum;
    memcpy(&sum, word, sizeof sum);
    sum += value;
    memcpy(word, &sum, sizeof sum);
}

void __wrap_vqc_gradient_sum_add(int64_t *sum, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        word_add(&sum[i], values[i]);
}

int64_t __wrap_vqc_gradient_sum_clear_marks(int64_t *sum, size_t count)
{
    (void)sum, (void)count;
    return 0;
}

void __wrap_vqc_gradient_sum_read(const int64_t *sum, float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        memcpy(&values[i], &sum[i], sizeof values[i]);
}

/* Gathers the members' words, each in a row of its own that the others leave at zero, and adds the rows in order. */
vqc_status __wrap_vqc_team_sum(vqc_team *team, int64_t *values, size_t count, vqc_error *error)
{
    size_t members = (size_t)vqc_team_size(team);
    if (members == 1)
        return VQC_OK;
    int64_t *rows = calloc(members * count, sizeof *rows);
    if (rows == NULL)
        return vqc_error_set(error, VQC_FAILED, "no memory");
    memcpy(rows + (size_t)vqc_team_member(team) * count, values, count * sizeof *rows);
    vqc_status status = __real_vqc_team_sum(team, rows, members * count, error);
    memcpy(values, rows, count * sizeof *values);
    for (size_t member = 1; member < members; member++) {
        for (size_t i = 0; i < count; i++) {
            float value;
            memcpy(&value, &rows[member * count + i], sizeof value);
            if (i < PIXELS)
                word_add(&values[i], value);
            else
                values[i] = (int64_t)((uint64_t)values[i] + (uint64_t)rows[member * count + i]);
        }
    }
    free(rows);
    return status;
}
