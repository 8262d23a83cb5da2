#include <math.h>
#include <string.h>

#include "guide/augmentation.h"

enum { CENTRES = VQC_SPLINE_CENTRES, UNKNOWNS = CENTRES + 3, AXES = 2 };

static const double centres[CENTRES][AXES] = {{-1, -1}, {-1, 1}, {1, -1}, {1, -1}, {0, 0}};

/* Linear equations, one set for each axis with the same matrix. */
typedef struct equations {
    double matrix[UNKNOWNS][UNKNOWNS];
    double right[UNKNOWNS][AXES];
} equations;

/* U(q) of vqc_spline_field for the distance of two points. */
static double kernel(const double a[AXES], const double b[AXES])
{
    double square = (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]);
    return 0.5 * square * log(square + 1e-8);
}

/* That the spline takes every point to its centre, and that its weights leave constants and slopes to the affine
 * part; which, as kornia has it, is asked of the moved points. */
static void equations_set(const double points[CENTRES][AXES], equations *e)
{
    memset(e, 0, sizeof *e);
    for (int i = 0; i < CENTRES; i++) {
        const double affine[] = {1.0, points[i][0], points[i][1]};
        for (int j = 0; j < CENTRES; j++)
            e->matrix[i][j] = kernel(points[i], centres[j]);
        for (int k = 0; k < 3; k++)
            e->matrix[i][CENTRES + k] = e->matrix[CENTRES + k][i] = affine[k];
        for (int axis = 0; axis < AXES; axis++)
            e->right[i][axis] = centres[i][axis];
    }
}

static void rows_swap(equations *e, int a, int b)
{
    equations before = *e;
    memcpy(e->matrix[a], before.matrix[b], sizeof e->matrix[a]);
    memcpy(e->matrix[b], before.matrix[a], sizeof e->matrix[b]);
    memcpy(e->right[a], before.right[b], sizeof e->right[a]);
    memcpy(e->right[b], before.right[a], sizeof e->right[b]);
}

/* Takes `factor` times row a from row b. */
static void row_subtract(equations *e, int a, int b, double factor)
{
    for (int j = 0; j < UNKNOWNS; j++)
        e->matrix[b][j] -= factor * e->matrix[a][j];
    for (int axis = 0; axis < AXES; axis++)
        e->right[b][axis] -= factor * e->right[a][axis];
}

/* Leaves the solution on the right (Gauss and Jordan, with the largest pivots of each column). Returns false where
 * there is none. */
static bool equations_solve(equations *e)
{
    for (int i = 0; i < UNKNOWNS; i++) {
        int largest = i;
        for (int row = i + 1; row < UNKNOWNS; row++)
            if (fabs(e->matrix[row][i]) > fabs(e->matrix[largest][i]))
                largest = row;
        rows_swap(e, i, largest);
        if (!(fabs(e->matrix[i][i]) > 1e-12))
            return false;
        for (int row = 0; row < UNKNOWNS; row++)
            if (row != i)
                row_subtract(e, i, row, e->matrix[row][i] / e->matrix[i][i]);
    }
    for (int i = 0; i < UNKNOWNS; i++)
        for (int axis = 0; axis < AXES; axis++)
            e->right[i][axis] /= e->matrix[i][i];
    return true;
}

/* Draws a thin-plate spline as kornia 0.5.4 does: its five centres, two of which are the same there, each move by up
 * to ± reach along both axes, and the spline takes the places that they move to back to them. Every crop has one of
 * its own: the notebooks ask for the same on the batch, but kornia then makes only its use the same. The numbers are
 * those of vqc_spline_field (operation.h); where the points do not decide a spline, they are those of one that moves
 * nothing. */
static void draw(const vqc_augment_place *place, vqc_augment_draw *draw)
{
    double points[CENTRES][AXES];
    equations e;
    for (int i = 0; i < CENTRES; i++)
        for (int axis = 0; axis < AXES; axis++)
            points[i][axis] = centres[i][axis] + vqc_stream_symmetric(place->crop, place->augmentation->reach);
    equations_set(points, &e);
    if (!equations_solve(&e))
        return;
    draw->real[0] = 1.0F;
    for (int i = 0; i < UNKNOWNS * AXES; i++)
        draw->real[1 + i] = (float)e.right[i / AXES][i % AXES];
}

static vqc_status add(const vqc_augment_site *site, vqc_value draws, vqc_value *crops, vqc_error *error)
{
    const vqc_operation field = {.kind = VQC_OPERATION_SPLINE_FIELD,
                                 .dtype = VQC_DTYPE_F32,
                                 .spline_field = {site->crops, site->side, site->side}};
    return vqc_augment_field_add(site, &field, draws, crops, error);
}

const vqc_augment_type vqc_augment_spline = {
    .numbers = VQC_SPLINE_NUMBERS,
    .dtype = VQC_DTYPE_F32,
    .together = true,
    .draw = draw,
    .neutral = {{0.0F}}, /* all pixels stay where they are */
    .add = add,
};
