#include "forecast/cost_file.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "config/json_file.h"

static const char *const init_names[] = {"random", "pixels", "gradient", "image", "codes",
                                         "latent", "color",  "perlin",   "render"};
static_assert(sizeof init_names / sizeof init_names[0] == VQC_INIT_COUNT, "a name for each start");

enum { INIT_COUNT = sizeof init_names / sizeof init_names[0] };

static const char *const latent_names[] = {"z", "free"};
static_assert(sizeof latent_names / sizeof latent_names[0] == VQC_PARAMETRISATION_COUNT, "a name for each");

/* ---- Writing ---- */

static json_t *lane_phases_to_json(const vqc_network_cost *shape)
{
    json_t *array = json_array();
    for (int i = 0; i < shape->lane_phase_count; i++) {
        json_t *object = json_pack("{s: I, s: f}", "lanes", (json_int_t)shape->lane_phases[i].lanes, "seconds",
                                   shape->lane_phases[i].seconds);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *shape_to_json(const vqc_network_cost *shape, size_t perceptors)
{
    json_t *groups = json_array();
    json_t *sizes = json_array();
    for (size_t i = 0; i < perceptors; i++) {
        json_array_append_new(groups, json_real(shape->group_seconds[i]));
        json_array_append_new(sizes, json_integer((json_int_t)shape->key.groups[i]));
    }
    char crops[VQC_NETWORK_KEY_TEXT_SIZE];
    vqc_network_key_crops_write(&shape->key, crops);
    return json_pack(
        "{s: I, s: I, s: I, s: o, s: s, s: s, s: s, s: b, s: b, s: I, s: I, s: f, s: f, s: f, s: f, s: f, s: "
        "f, s: o, s: I, s: "
        "I, s: b, s: I, s: o}",
        "width", (json_int_t)shape->key.width, "height", (json_int_t)shape->key.height, "group",
        (json_int_t)vqc_network_key_group(&shape->key), "groups", sizes, "augmentations", crops, "init",
        init_names[shape->init], "latent", latent_names[shape->key.parametrisation], "recompute",
        shape->key.recompute, "range", shape->key.unlimited, "pixels", (json_int_t)shape->pixels, "latent_size",
        (json_int_t)shape->latent_size, "make_seconds", shape->make, "beside_seconds", shape->beside, "start_seconds",
        shape->start, "move_seconds", shape->move, "decode_seconds", shape->decode, "picture_seconds", shape->picture,
        "group_seconds", groups, "activation_bytes", (json_int_t)shape->activation_bytes, "parameter_bytes",
        (json_int_t)shape->parameter_bytes, "shared_parameters", shape->shared, "encoder_bytes",
        (json_int_t)shape->encoder_bytes, "lane_steps", lane_phases_to_json(shape));
}

json_t *vqc_cost_table_to_json(const vqc_cost_table *table, const char *environment)
{
    json_t *shapes = json_array();
    for (size_t i = 0; i < table->count; i++)
        json_array_append_new(shapes, shape_to_json(&table->shapes[i], table->perceptors));
    return json_pack("{s: s, s: I, s: I, s: f, s: f, s: I, s: I, s: I, s: I, s: o}", "environment", environment,
                     "perceptors", (json_int_t)table->perceptors, "factor", (json_int_t)table->factor, "open_seconds",
                     table->open, "prompt_seconds", table->prompt, "model_bytes", (json_int_t)table->model_bytes,
                     "embedding_width", (json_int_t)table->embedding_width, "free_bytes",
                     (json_int_t)table->free_bytes, "lanes", (json_int_t)table->lanes, "shapes", shapes);
}

/* ---- Reading: a reader stops at the first fault and names it ---- */

static const int64_t most_bytes = (int64_t)1 << 60;
static const int64_t most_factor = 1 << 16;

typedef struct cost_reader {
    const char *path;
    vqc_status status;
    vqc_error *error;
} cost_reader;

static void fault_set(cost_reader *reader, const char *key, const char *expected)
{
    if (reader->status == VQC_OK)
        reader->status =
            vqc_error_set(reader->error, VQC_BAD_INPUT, "%s: %s: expected %s", reader->path, key, expected);
}

/* A number of at least 0. */
static double number_read(cost_reader *reader, const json_t *value, const char *key)
{
    double number = json_is_number(value) ? json_number_value(value) : -1.0;
    if (!(number >= 0.0 && number <= 1e18))
        fault_set(reader, key, "a number of at least 0");
    return number;
}

/* A number above 0: what divides must not be nothing. */
static double positive_read(cost_reader *reader, const json_t *value, const char *key)
{
    double number = number_read(reader, value, key);
    if (number == 0.0)
        fault_set(reader, key, "a number above 0");
    return number;
}

static double seconds_read(cost_reader *reader, const json_t *object, const char *key)
{
    return number_read(reader, json_object_get(object, key), key);
}

static int64_t integer_read(cost_reader *reader, const json_t *object, const char *key, int64_t minimum,
                            int64_t maximum)
{
    const json_t *value = json_object_get(object, key);
    int64_t number = json_is_integer(value) ? json_integer_value(value) : -1;
    if (number < minimum || number > maximum)
        fault_set(reader, key, "a whole number within its range");
    return number;
}

static const char *text_read(cost_reader *reader, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL || strlen(text) >= VQC_NETWORK_KEY_TEXT_SIZE)
        fault_set(reader, key, "a short text");
    return text == NULL ? "" : text;
}

static vqc_init_kind init_read(cost_reader *reader, const json_t *object)
{
    const char *name = text_read(reader, object, "init");
    for (int i = 0; i < INIT_COUNT; i++)
        if (strcmp(init_names[i], name) == 0)
            return (vqc_init_kind)i;
    fault_set(reader, "init", "a kind of init");
    return VQC_INIT_RANDOM;
}

/* The first where older files lack the key. */
static vqc_parametrisation_kind latent_read(cost_reader *reader, const json_t *object)
{
    const char *name = latent_names[0];
    if (json_object_get(object, "latent") != NULL)
        name = text_read(reader, object, "latent");
    for (int i = 0; i < VQC_PARAMETRISATION_COUNT; i++)
        if (strcmp(latent_names[i], name) == 0)
            return (vqc_parametrisation_kind)i;
    fault_set(reader, "latent", "a kind of latent");
    return (vqc_parametrisation_kind)0;
}

/* The same, but 0 in older files, which lack the key. */
static int64_t later_integer_read(cost_reader *reader, const json_t *object, const char *key, int64_t maximum)
{
    return json_object_get(object, key) == NULL ? 0 : integer_read(reader, object, key, 0, maximum);
}

/* One step beside others. What these are divided by is not to be next to nothing. */
static vqc_lane_phase lane_phase_read(cost_reader *reader, const json_t *object, int64_t least_lanes)
{
    static const double least_seconds = 1e-9;
    vqc_lane_phase step = {
        .lanes = (int)integer_read(reader, object, "lanes", least_lanes, VQC_LAUNCH_MAX_LANES),
        .seconds = seconds_read(reader, object, "seconds"),
    };
    if (step.seconds < least_seconds)
        fault_set(reader, "lane_steps", "seconds of at least 1e-9");
    return step;
}

static void lane_phases_read(cost_reader *reader, const json_t *array, const vqc_cost_table *table,
                             vqc_network_cost *shape)
{
    size_t count = json_array_size(array);
    int64_t least_lanes = 1;
    if (count > VQC_LAUNCH_MAX_LANES || (table->lanes > 1 && count == 0))
        fault_set(reader, "lane_steps", "seconds of steps with 1 lane and more");
    for (size_t i = 0; reader->status == VQC_OK && i < count; i++) {
        shape->lane_phases[i] = lane_phase_read(reader, json_array_get(array, i), least_lanes);
        least_lanes = shape->lane_phases[i].lanes + 1;
    }
    if (reader->status == VQC_OK && count > 0 && shape->lane_phases[0].lanes != 1)
        fault_set(reader, "lane_steps", "the seconds of one lane first");
    shape->lane_phase_count = (int)count;
}

/* The groups of the perceptors; older files have one number for all. */
static void groups_read(cost_reader *reader, const json_t *object, size_t perceptors, vqc_network_key *key)
{
    const json_t *groups = json_object_get(object, "groups");
    const int64_t largest = integer_read(reader, object, "group", 1, INT32_MAX);
    if (groups != NULL && json_array_size(groups) != perceptors)
        fault_set(reader, "groups", "a number for each perceptor");
    for (size_t i = 0; reader->status == VQC_OK && i < perceptors; i++) {
        const json_t *group = json_array_get(groups, i);
        key->groups[i] = groups == NULL ? largest : json_is_integer(group) ? json_integer_value(group) : 0;
        if (key->groups[i] < 1 || key->groups[i] > largest)
            fault_set(reader, "groups", "numbers from 1 to that of group");
    }
}

static vqc_status shape_read(cost_reader *reader, const json_t *object, vqc_cost_table *table)
{
    static const int64_t most_pixels = (int64_t)1 << 40;
    vqc_network_cost shape = {
        .key = {.width = integer_read(reader, object, "width", 1, most_pixels),
                .height = integer_read(reader, object, "height", 1, most_pixels),
                .parametrisation = latent_read(reader, object),
                .recompute = json_is_true(json_object_get(object, "recompute")),
                .unlimited = json_is_true(json_object_get(object, "range"))}, /* older files have neither */
        .init = init_read(reader, object),
        .pixels = integer_read(reader, object, "pixels", 1, most_pixels),
        .latent_size = integer_read(reader, object, "latent_size", 1, most_pixels),
        .make = seconds_read(reader, object, "make_seconds"),
        .start = seconds_read(reader, object, "start_seconds"),
        .decode = positive_read(reader, json_object_get(object, "decode_seconds"), "decode_seconds"),
        .picture = seconds_read(reader, object, "picture_seconds"),
        .activation_bytes = (uint64_t)integer_read(reader, object, "activation_bytes", 0, most_bytes),
        .parameter_bytes = (uint64_t)integer_read(reader, object, "parameter_bytes", 0, most_bytes),
        .shared = json_is_true(json_object_get(object, "shared_parameters")), /* older files have none */
        .encoder_bytes = (uint64_t)later_integer_read(reader, object, "encoder_bytes", most_bytes),
    };
    const json_t *groups = json_object_get(object, "group_seconds");
    if (!vqc_network_key_crops_read(text_read(reader, object, "augmentations"), &shape.key))
        fault_set(reader, "augmentations", "codes of augmentations");
    groups_read(reader, object, table->perceptors, &shape.key);
    if (json_array_size(groups) != table->perceptors)
        fault_set(reader, "group_seconds", "a number for each perceptor");
    for (size_t i = 0; reader->status == VQC_OK && i < table->perceptors; i++)
        shape.group_seconds[i] = positive_read(reader, json_array_get(groups, i), "group_seconds");
    lane_phases_read(reader, json_object_get(object, "lane_steps"), table, &shape);
    if (json_object_get(object, "move_seconds") != NULL) /* older files have none */
        shape.move = seconds_read(reader, object, "move_seconds");
    shape.moves = shape.move > 0.0;
    shape.beside = json_object_get(object, "beside_seconds") == NULL ? shape.make
                                                                     : seconds_read(reader, object, "beside_seconds");
    if (reader->status != VQC_OK)
        return reader->status;
    return vqc_cost_table_add(table, &shape, reader->error);
}

static vqc_status costs_read(cost_reader *reader, const json_t *costs, vqc_cost_table *table)
{
    const json_t *shapes = json_object_get(costs, "shapes");
    if (!json_is_object(costs))
        fault_set(reader, "costs", "an object, as vqclip plan --ranks N --json prints it");
    if (integer_read(reader, costs, "perceptors", 1, VQC_STUDY_MAX_PERCEPTORS) != (int64_t)table->perceptors)
        fault_set(reader, "perceptors", "as many as the study has");
    int64_t factor = later_integer_read(reader, costs, "factor", most_factor);
    table->factor = factor == 0 ? 1 : factor;
    table->open = seconds_read(reader, costs, "open_seconds");
    table->prompt = seconds_read(reader, costs, "prompt_seconds");
    table->model_bytes = (uint64_t)integer_read(reader, costs, "model_bytes", 0, most_bytes);
    table->embedding_width = (uint64_t)integer_read(reader, costs, "embedding_width", 0, (int64_t)1 << 40);
    table->free_bytes = (uint64_t)later_integer_read(reader, costs, "free_bytes", most_bytes);
    int64_t lanes = later_integer_read(reader, costs, "lanes", VQC_LAUNCH_MAX_LANES);
    table->lanes = lanes == 0 ? 1 : (int)lanes;
    if (json_array_size(shapes) == 0)
        fault_set(reader, "shapes", "at least one shape");
    for (size_t i = 0; reader->status == VQC_OK && i < json_array_size(shapes); i++)
        reader->status = shape_read(reader, json_array_get(shapes, i), table);
    return reader->status;
}

vqc_status vqc_cost_table_read(const char *path, size_t perceptors, vqc_cost_table *table, vqc_error *error)
{
    json_t *report;
    VQC_TRY(vqc_json_file_read(path, &report, error));
    cost_reader reader = {.path = path, .error = error};
    table->perceptors = perceptors;
    vqc_status status = costs_read(&reader, json_object_get(report, "costs"), table);
    json_decref(report);
    return status;
}
