#ifndef VQC_TESTS_TOLERANCES_H
#define VQC_TESTS_TOLERANCES_H

/* How far a computed tensor may lie from the expected one; the only place where tests of operations and models take
 * such numbers from. A figure is a few times what was measured when it was set, so that an error in the arithmetic
 * does not hide below it. */
typedef struct tolerance {
    double relative; /* ‖actual − expected‖ / ‖expected‖ */
    double largest;  /* for every element, |actual − expected| / max(|expected|, root mean square of expected) */
    double cosine;   /* least cosine of the angle between them */
    const char *reason;
} tolerance;

typedef enum tolerance_kind {
    TOLERANCE_REF_F32,
    TOLERANCE_REF_BF16,
    TOLERANCE_F32_FORWARD,
    TOLERANCE_F32_BACKWARD,
    TOLERANCE_BF16_FORWARD,
    TOLERANCE_BF16_BACKWARD,
    TOLERANCE_FINITE_DIFFERENCE,
    TOLERANCE_RESAMPLE,
    TOLERANCE_DISTANCE,
    TOLERANCE_AUGMENTATION,
    TOLERANCE_SPLINE,
    TOLERANCE_PICTURE_TERM,
    TOLERANCE_MODEL_OUTPUT_F32,
    TOLERANCE_MODEL_GRADIENT_F32,
    TOLERANCE_MODEL_OUTPUT_BF16,
    TOLERANCE_MODEL_GRADIENT_BF16,
    TOLERANCE_TRAJECTORY_GRADIENT,
    TOLERANCE_TRAJECTORY_LATENT,
    TOLERANCE_COUNT
} tolerance_kind;

static const tolerance tolerances[TOLERANCE_COUNT] = {
    [TOLERANCE_REF_F32] = {1e-7, 1e-7, 0.999999, "computed in double, so only the result is rounded to f32 (2^-24)"},
    [TOLERANCE_REF_BF16] = {4e-3, 4e-3, 0.99999, "computed in double, so only the result is rounded to bf16 (2^-8)"},
    [TOLERANCE_F32_FORWARD] = {3e-6, 1.5e-5, 0.999999, "sums of f32 products in f32, in whatever order"},
    [TOLERANCE_F32_BACKWARD] = {5e-6, 3e-5, 0.999999,
                                "as forward; normalisation, attention and distance subtract nearly equal sums"},
    [TOLERANCE_BF16_FORWARD] = {5e-3, 2e-2, 0.9999,
                                "sums in f32, but the result and factors of inner products (attention's "
                                "probabilities) are rounded to bf16 (2^-8 each)"},
    [TOLERANCE_BF16_BACKWARD] = {6e-3, 2.5e-2, 0.9999,
                                 "as forward, with the forward pass's rounded result and one more rounded factor"},
    [TOLERANCE_FINITE_DIFFERENCE] = {1e-7, 1e-7, 0.999999,
                                     "central differences in f64 with a step of 1e-5: truncation about 1e-10, "
                                     "rounding about 1e-11 of a sum that may be small against its terms"},
    [TOLERANCE_RESAMPLE] = {1e-5, 1e-4, 0.999999,
                            "the reference computes kernel, place and sums in f32, and the place of a pixel in a "
                            "crop of 150 is only known to 1e-5"},
    [TOLERANCE_DISTANCE] = {1e-5, 1e-5, 0.999999, "the reference computes embedding norms and sums in f32"},
    [TOLERANCE_AUGMENTATION] =
        {4e-6, 2e-5, 0.999999,
         "kornia in f64 with parameters in f64; rounded to f32, matrices and fields give places "
         "good to 1e-6 pixels"},
    [TOLERANCE_SPLINE] =
        {1.5e-5, 2e-4, 0.999999,
         "as for the others, but weights that cancel, rounded to f32, give places good to 1e-5 pixels"},
    [TOLERANCE_PICTURE_TERM] =
        {2e-7, 5e-7, 0.999999,
         "both in f64, of the same f32 picture; values and gradients rounded to f32 on both sides"},
    [TOLERANCE_MODEL_OUTPUT_F32] = {1e-5, 1e-3, 0.999999,
                                    "dozens of f32 operations after each other, on both sides; the limit that users "
                                    "are promised"},
    [TOLERANCE_MODEL_GRADIENT_F32] = {1e-4, 1e-2, 0.999999, "as the output, and backwards through every operation"},
    [TOLERANCE_MODEL_OUTPUT_BF16] = {5e-2, 1.0, 0.999,
                                     "every activation is rounded to bf16 (2^-9); the direction is what guidance "
                                     "uses"},
    [TOLERANCE_MODEL_GRADIENT_BF16] = {0.15, 5.0, 0.99, "as the output, and backwards through rounded activations"},
    [TOLERANCE_TRAJECTORY_GRADIENT] = {5e-5, 3e-4, 0.999999,
                                       "of all elements, against the same sums in f64: convolutions of every "
                                       "instruction set add in another order; with AVX2 1.2e-5 and 6.4e-5, with AVX "
                                       "and SSE4.1 two thirds of it"},
    [TOLERANCE_TRAJECTORY_LATENT] = {1e-3, 1.0, 0.999999,
                                     "twelve steps of Adam, whose first steps divide gradients by their own size, so "
                                     "that small ones are known by their sign alone; the reference in f32 and f64 "
                                     "differs by 1.5e-3 in single elements"},
};

/* Absolute limits of the reference trajectory: of every loss (f32 and f64 agree to 1e-6) and of every known element
 * of z.
 *
 * Adam's first steps divide the gradient by its own size, so z moves with the gradient's relative error: a gradient
 * of 4e-4 of the root mean square, which f32 knows to 1.7e-5 of it, moved z by 5e-3 within three steps of 0.15 with
 * AVX2 (the public implementation's own f32 was off by 1.5e-3 there), while no other element went further
 * than 1.6e-4. So elements whose first gradient, computed in f64, is below TRAJECTORY_GRADIENT_KNOWN of the root mean
 * square are judged by their gradient alone, and by their share of the relative L2. There are 3 among 1280. */
#define TRAJECTORY_LOSS_LARGEST 1e-5
#define TRAJECTORY_LATENT_LARGEST 1e-3
#define TRAJECTORY_GRADIENT_KNOWN 2e-3
#define TRAJECTORY_UNKNOWN_SHARE 0.01

/* Of a loss term against the same sum by hand: both are sums of f64. */
#define LOSS_LARGEST 1e-12

/* Of a cosine, a distance or a head's score against the public package's in f64, and of a CLIPScore 2.5 times it:
 * embeddings are f32, and good to 1e-6 of their length (TOLERANCE_MODEL_OUTPUT_F32). */
#define SCORE_LARGEST 1e-5

/* Relative to the element (or OPTIMISER_SMALL): a dozen steps of an optimiser are a few hundred f32 operations on
 * numbers known exactly. */
#define OPTIMISER_LARGEST 2e-6
#define OPTIMISER_SMALL 1e-1

/* Relative, of a loss's slope along its gradient at the latent: central differences of a chain of f32 operations. */
#define CHAIN_SLOPE 3e-3

/* A mask's values are means of whole numbers, rounded to f32, and once more when a cell is the mean of them. */
#define MASK_SHARE 2e-7

/* Draws against those of kornia's generators (tests/guide/draws_cases.h): standard errors by which mean and variance
 * may differ, one in 1.7 million for each of some 200; how far an extreme may go beyond that of ten times as many
 * draws, as a share of the tail of a thousandth; rounding of a place in a crop of 48 pixels in f32; how many pairs of
 * crops may have the same numbers by chance (of 25 places along two axes 1 in 625). */
#define DRAWS_ERRORS 5.0
#define DRAWS_TAIL 0.5
#define DRAWS_ROUNDING 1e-5
#define DRAWS_CHANCE 0.01

#endif
