#include <math.h>

#include "ops/ref/ref.h"

/* A picture as a term looks at it, and the one beside it. */
typedef struct picture {
    const double *u, *beside;
    int64_t height, width;
} picture;

/* A term's value, and the addition of its gradient with respect to u, times `factor`. */
typedef struct picture_function {
    double (*value)(const picture *p);
    void (*gradient_add)(const picture *p, double factor, double *gradient);
} picture_function;

static int64_t place(const picture *p, int64_t y, int64_t x, int c)
{
    return (y * p->width + x) * 3 + c;
}

static double elements(const picture *p)
{
    return 3.0 * (double)p->height * (double)p->width;
}

/* ---- Total variation: pairs of neighbours, each looked at once ---- */

typedef struct neighbours {
    int64_t first, second; /* in u */
} neighbours;

/* The pair of a place with the one on its right (`down` false) or below; false at the edge. */
static bool pair_find(const picture *p, int64_t y, int64_t x, int c, bool down, neighbours *pair)
{
    int64_t y2 = down ? y + 1 : y;
    int64_t x2 = down ? x : x + 1;
    if (y2 == p->height || x2 == p->width)
        return false;
    *pair = (neighbours){place(p, y, x, c), place(p, y2, x2, c)};
    return true;
}

/* Calls function(p, pair, context) for every pair. */
typedef void pair_function(const picture *p, neighbours pair, void *context);
static void pairs_visit(const picture *p, pair_function *function, void *context)
{
    neighbours pair;
    for (int64_t y = 0; y < p->height; y++)
        for (int64_t x = 0; x < p->width; x++)
            for (int i = 0; i < 6; i++)
                if (pair_find(p, y, x, i / 2, i % 2 == 1, &pair))
                    function(p, pair, context);
}

/* What `add` adds up over all pairs, by the picture's elements. */
static double pairs_mean(const picture *p, pair_function *add)
{
    double sum = 0.0;
    pairs_visit(p, add, &sum);
    return sum / elements(p);
}

typedef struct scatter {
    double factor;
    double *gradient;
} scatter;

static void square_sum(const picture *p, neighbours pair, void *context)
{
    double difference = p->u[pair.second] - p->u[pair.first];
    *(double *)context += difference * difference;
}

static void square_scatter(const picture *p, neighbours pair, void *context)
{
    const scatter *s = context;
    double slope = 2.0 * (p->u[pair.second] - p->u[pair.first]) * s->factor;
    s->gradient[pair.second] += slope;
    s->gradient[pair.first] -= slope;
}

static double tv_squares_value(const picture *p)
{
    return pairs_mean(p, square_sum);
}

static void tv_squares_gradient(const picture *p, double factor, double *gradient)
{
    pairs_visit(p, square_scatter, &(scatter){factor / elements(p), gradient});
}

static void absolute_sum(const picture *p, neighbours pair, void *context)
{
    *(double *)context += fabs(p->u[pair.second] - p->u[pair.first]);
}

static void absolute_scatter(const picture *p, neighbours pair, void *context)
{
    const scatter *s = context;
    double difference = p->u[pair.second] - p->u[pair.first];
    double slope = difference == 0.0 ? 0.0 : copysign(s->factor, difference * s->factor);
    s->gradient[pair.second] += slope;
    s->gradient[pair.first] -= slope;
}

static double tv_absolute_value(const picture *p)
{
    return pairs_mean(p, absolute_sum);
}

static void tv_absolute_gradient(const picture *p, double factor, double *gradient)
{
    pairs_visit(p, absolute_scatter, &(scatter){factor / elements(p), gradient});
}

/* ---- Lengths of vectors of six differences at each pixel ---- */

/* One difference: (u[second] − u[first]) / distance. Where there is none both are the same. */
typedef struct difference {
    int64_t first, second;
    double distance;
} difference;

/* The differences at a pixel: number i is of channel i / 2, along y where i is odd. */
typedef difference difference_function(const picture *p, int64_t y, int64_t x, int i);

static difference neighbour_difference(const picture *p, int64_t y, int64_t x, int i)
{
    neighbours pair = {0, 0};
    (void)pair_find(p, y, x, i / 2, i % 2 == 1, &pair);
    return (difference){pair.first, pair.second, 1.0};
}

/* numpy.gradient: central differences, at the edges one-sided ones. */
static difference central_difference(const picture *p, int64_t y, int64_t x, int i)
{
    int64_t at = i % 2 == 1 ? y : x;
    int64_t size = i % 2 == 1 ? p->height : p->width;
    int64_t from = at == 0 ? at : at - 1;
    int64_t to = at == size - 1 ? at : at + 1;
    if (i % 2 == 1)
        return (difference){place(p, from, x, i / 2), place(p, to, x, i / 2), from == to ? 1.0 : (double)(to - from)};
    return (difference){place(p, y, from, i / 2), place(p, y, to, i / 2), from == to ? 1.0 : (double)(to - from)};
}

static double difference_value(const picture *p, difference d)
{
    return (p->u[d.second] - p->u[d.first]) / d.distance;
}

/* The mean over the pixels of value(length), length² = share · Σ differences² + least. */
typedef struct lengths {
    difference_function *differences;
    double share, least;
    double (*value)(double length);
    double (*slope)(double length);
} lengths;

static double length_at(const picture *p, const lengths *kind, int64_t y, int64_t x)
{
    double squares = kind->least;
    for (int i = 0; i < 6; i++)
        squares += kind->share * pow(difference_value(p, kind->differences(p, y, x, i)), 2.0);
    return sqrt(squares);
}

static double lengths_value(const picture *p, const lengths *kind)
{
    double sum = 0.0;
    for (int64_t y = 0; y < p->height; y++)
        for (int64_t x = 0; x < p->width; x++)
            sum += kind->value(length_at(p, kind, y, x));
    return sum / (double)(p->height * p->width);
}

static void length_scatter(const picture *p, const lengths *kind, int64_t y, int64_t x, double factor,
                           double *gradient)
{
    double length = length_at(p, kind, y, x);
    if (length == 0.0)
        return;
    for (int i = 0; i < 6; i++) {
        difference d = kind->differences(p, y, x, i);
        double slope = factor * kind->slope(length) * kind->share * difference_value(p, d) / (length * d.distance);
        gradient[d.second] += slope;
        gradient[d.first] -= slope;
    }
}

static void lengths_gradient(const picture *p, const lengths *kind, double factor, double *gradient)
{
    double of_one = factor / (double)(p->height * p->width);
    for (int64_t y = 0; y < p->height; y++)
        for (int64_t x = 0; x < p->width; x++)
            length_scatter(p, kind, y, x, of_one, gradient);
}

static double itself(double length)
{
    return length;
}

static double one(double length)
{
    (void)length;
    return 1.0;
}

static double half_at_most(double length)
{
    return fmin(length, 0.5);
}

static double one_up_to_half(double length)
{
    return length > 0.5 ? 0.0 : 1.0;
}

static double reciprocal_of_more(double length)
{
    return 1.0 / (1.0 + length);
}

static const lengths isotropic = {neighbour_difference, 1.0 / 3.0, 1e-8, itself, one};
static const lengths steep = {central_difference, 1.0, 0.0, itself, one};
static const lengths steep_clipped = {central_difference, 1.0, 0.0, half_at_most, one_up_to_half};
static const lengths steep_log = {central_difference, 1.0, 0.0, log1p, reciprocal_of_more};

#define LENGTHS(name, kind)                                                                                          \
    static double name##_value(const picture *p)                                                                     \
    {                                                                                                                \
        return lengths_value(p, &(kind));                                                                            \
    }                                                                                                                \
    static void name##_gradient(const picture *p, double factor, double *gradient)                                   \
    {                                                                                                                \
        lengths_gradient(p, &(kind), factor, gradient);                                                              \
    }

LENGTHS(tv_isotropic, isotropic)
LENGTHS(smoothness, steep)
LENGTHS(smoothness_clipped, steep_clipped)
LENGTHS(smoothness_log, steep_log)

/* ---- Colourfulness: two axes of opponent colours, each a sum of the channels with these weights ---- */

static const double axes[2][3] = {{1.0, -1.0, 0.0}, {0.5, 0.5, -1.0}};

static double on_axis(const picture *p, int axis, int64_t pixel)
{
    const double *u = p->u + 3 * pixel;
    return axes[axis][0] * u[0] + axes[axis][1] * u[1] + axes[axis][2] * u[2];
}

typedef struct colourfulness {
    double mean[2];
    double deviation, distance; /* from the mean; of the mean from grey */
} colourfulness;

static colourfulness colourfulness_of(const picture *p)
{
    colourfulness found = {{0.0, 0.0}, 0.0, 0.0};
    int64_t count = p->height * p->width;
    double squares = 0.0;
    for (int axis = 0; axis < 2; axis++) {
        for (int64_t i = 0; i < count; i++)
            found.mean[axis] += on_axis(p, axis, i) / (double)count;
        for (int64_t i = 0; i < count; i++)
            squares += pow(on_axis(p, axis, i) - found.mean[axis], 2.0);
    }
    found.deviation = count == 1 ? 0.0 : sqrt(squares / (double)(count - 1));
    found.distance = hypot(found.mean[0], found.mean[1]);
    return found;
}

static double saturation_value(const picture *p)
{
    const colourfulness found = colourfulness_of(p);
    return -(found.deviation + 0.3 * found.distance) / 5.0;
}

static void saturation_gradient(const picture *p, double factor, double *gradient)
{
    const colourfulness found = colourfulness_of(p);
    double count = (double)(p->height * p->width);
    for (int64_t i = 0; i < 6 * p->height * p->width; i++) {
        int axis = (int)(i % 2);
        int64_t element = i / 2;
        double slope = 0.0;
        if (found.deviation > 0.0)
            slope += (on_axis(p, axis, element / 3) - found.mean[axis]) / (found.deviation * (count - 1.0));
        if (found.distance > 0.0)
            slope += 0.3 * found.mean[axis] / (found.distance * count);
        gradient[element] -= factor * slope * axes[axis][element % 3] / 5.0;
    }
}

/* ---- Squares of offsets ---- */

static double excess(const picture *p, int64_t i)
{
    return p->u[i] - fmin(fmax(p->u[i], 0.0), 1.0);
}

static double offset(const picture *p, int64_t i)
{
    return p->u[i] - p->beside[i];
}

static double squares_value(const picture *p, double (*of)(const picture *p, int64_t i))
{
    double sum = 0.0;
    for (int64_t i = 0; i < 3 * p->height * p->width; i++)
        sum += of(p, i) * of(p, i);
    return sum / elements(p);
}

static void squares_gradient(const picture *p, double (*of)(const picture *p, int64_t i), double factor,
                             double *gradient)
{
    for (int64_t i = 0; i < 3 * p->height * p->width; i++)
        gradient[i] += factor * 2.0 * of(p, i) / elements(p);
}

static double range_value(const picture *p)
{
    return squares_value(p, excess);
}

static void range_gradient(const picture *p, double factor, double *gradient)
{
    squares_gradient(p, excess, factor, gradient);
}

static double likeness_value(const picture *p)
{
    return squares_value(p, offset);
}

static void likeness_gradient(const picture *p, double factor, double *gradient)
{
    squares_gradient(p, offset, factor, gradient);
}

/* ---- The operation ---- */

#define FUNCTION(KIND, name, ...)                                                                                    \
    [VQC_PICTURE_TERM_##KIND] = {.value = name##_value, .gradient_add = name##_gradient},
static const picture_function functions[VQC_PICTURE_TERM_COUNT] = {VQC_PICTURE_TERMS(FUNCTION)};

/* The picture, with u in the scratch. */
static picture picture_of(const vqc_picture_term *o, const double *const input[VQC_OPERATION_MAX_INPUTS], double *u)
{
    for (int64_t i = 0; i < 3 * o->height * o->width; i++)
        u[i] = (double)o->scale * input[0][i] + (double)o->shift;
    return (picture){.u = u, .beside = input[1], .height = o->height, .width = o->width};
}

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_picture_term *o = &plan->operation.picture_term;
    const picture p = picture_of(o, arguments->input, arguments->scratch);
    arguments->output[0] = functions[o->function].value(&p);
}

static void backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_picture_term *o = &plan->operation.picture_term;
    const picture p = picture_of(o, arguments->input, arguments->scratch);
    if (arguments->grad_input[0] != NULL)
        functions[o->function].gradient_add(&p, arguments->grad_output[0] * (double)o->scale,
                                            arguments->grad_input[0]);
}

static vqc_status prepare(ref_plan *plan, const vqc_operation *operation, bool with_backward, vqc_error *error)
{
    (void)with_backward, (void)error;
    plan->scratch_count = (size_t)(3 * operation->picture_term.height * operation->picture_term.width);
    return VQC_OK;
}

const ref_kernel ref_picture_term_kernel = {.prepare = prepare, .forward = forward, .backward = backward};
