#include "render/share.h"

int64_t vqc_share_groups(const vqc_share_work *work)
{
    int64_t groups = 0;
    for (size_t i = 0; i < work->perceptors; i++)
        groups += work->groups[i];
    return groups;
}

/* The perceptors by falling seconds of a group, equal ones by their number. */
static void perceptors_order(const vqc_share_work *work, size_t *order)
{
    for (size_t i = 0; i < work->perceptors; i++) {
        size_t place = i;
        for (; place > 0 && work->seconds[order[place - 1]] < work->seconds[i]; place--)
            order[place] = order[place - 1];
        order[place] = i;
    }
}

/* Where a perceptor's groups begin in `owner`. */
static int64_t first_group(const vqc_share_work *work, size_t perceptor)
{
    int64_t first = 0;
    for (size_t i = 0; i < perceptor; i++)
        first += work->groups[i];
    return first;
}

static int member_least(const double *load, int members)
{
    int least = 0;
    for (int member = 1; member < members; member++)
        if (load[member] < load[least])
            least = member;
    return least;
}

double vqc_share_assign(const vqc_share_work *work, int members, double *load, int *owner)
{
    size_t order[VQC_STUDY_MAX_PERCEPTORS];
    double largest = 0.0;
    perceptors_order(work, order);
    for (int member = 0; member < members; member++)
        load[member] = 0.0;
    for (size_t i = 0; i < work->perceptors; i++) {
        int64_t first = first_group(work, order[i]);
        for (int64_t group = 0; group < work->groups[order[i]]; group++) {
            int member = member_least(load, members);
            load[member] += work->seconds[order[i]];
            if (load[member] > largest)
                largest = load[member];
            if (owner != NULL)
                owner[first + group] = member;
        }
    }
    return largest;
}
