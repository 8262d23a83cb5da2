#include "cli/video.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/new_file.h"
#include "base/program.h"
#include "base/text.h"
#include "base/visible.h"

/* A kind of video: the ending of its files, ffmpeg's name of it, and what is done to the pictures. */
typedef struct video_kind {
    const char *ending;
    const char *format;
    const char *filter;
} video_kind;

/* Most players take colours at half the resolution alone, and so sides that are even. */
#define FILTER_HALVED "pad=ceil(iw/2)*2:ceil(ih/2)*2,format=yuv420p"
/* Colours of its own instead of the same 256 for every video. */
#define FILTER_PALETTE "split[a][b];[a]palettegen[p];[b][p]paletteuse"

static const video_kind kinds[] = {
    {.ending = ".mp4", .format = "mp4", .filter = FILTER_HALVED},
    {.ending = ".mov", .format = "mov", .filter = FILTER_HALVED},
    {.ending = ".mkv", .format = "matroska", .filter = FILTER_HALVED},
    {.ending = ".webm", .format = "webm", .filter = FILTER_HALVED},
    {.ending = ".gif", .format = "gif", .filter = FILTER_PALETTE},
};

/* NULL: none. */
static const video_kind *kind_find(const char *path)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const size_t size = strlen(kinds[i].ending);
        if (strlen(path) > size && strcmp(path + strlen(path) - size, kinds[i].ending) == 0)
            return &kinds[i];
    }
    return NULL;
}

vqc_status vqc_video_path_check(const char *path, vqc_error *error)
{
    if (kind_find(path) != NULL)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "--video: expected a file that ends in .mp4, .mov, .mkv, .webm or .gif, found %s", path);
}

/* What ffmpeg is told. */
typedef struct command {
    vqc_text input, output, count, rate;
} command;

enum { COMMAND_WORDS = 24 };

static void command_release(command *told)
{
    vqc_text_release(&told->input);
    vqc_text_release(&told->output);
    vqc_text_release(&told->count);
    vqc_text_release(&told->rate);
}

/* The pictures' names: "file:" because a colon in a path would make a protocol of what stands before it, and two
 * signs for one where ffmpeg would read a number's place. */
static vqc_status input_write(const char *folder, vqc_text *input, vqc_error *error)
{
    VQC_TRY(vqc_text_append(input, error, "file:"));
    for (const char *c = folder; *c != '\0'; c++)
        VQC_TRY(vqc_text_append(input, error, "%s%c", *c == '%' ? "%" : "", *c));
    return vqc_text_append(input, error, "/%%05d.png");
}

static vqc_status command_write(const vqc_video *video, const char *path, command *told,
                                const char *words[COMMAND_WORDS], vqc_error *error)
{
    const video_kind *kind = kind_find(video->path);
    VQC_TRY(input_write(video->folder, &told->input, error));
    VQC_TRY(vqc_text_append(&told->output, error, "file:%s", path));
    VQC_TRY(vqc_text_append(&told->count, error, "%zu", video->count));
    VQC_TRY(vqc_text_append(&told->rate, error, "%ld", video->rate));
    const char *const list[] = {
        "ffmpeg",
        "-nostdin",
        "-loglevel",
        "error",
        "-y",
        "-f",
        "image2",
        "-framerate",
        told->rate.data,
        "-start_number",
        "0",
        "-i",
        told->input.data,
        "-frames:v",
        told->count.data,
        "-vf",
        kind->filter,
        "-f",
        kind->format,
        told->output.data,
        NULL,
    };
    static_assert(sizeof list / sizeof list[0] <= COMMAND_WORDS, "words of the command");
    memcpy(words, list, sizeof list);
    return VQC_OK;
}

/* As a shell takes a word: in quotes, where it has more than plain signs. */
static void word_print(const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:%";
    if (word[strspn(word, plain)] == '\0') {
        vqc_print(stdout, " %s", word);
        return;
    }
    (void)fputs(" '", stdout);
    for (size_t left = strlen(word); left > 0;) {
        char shown[VQC_VISIBLE_SIZE];
        const size_t size = vqc_visible_character(word, left, shown);
        (void)fputs(*word == '\'' ? "'\\''" : shown, stdout);
        word += size;
        left -= size;
    }
    (void)putchar('\'');
}

static vqc_status command_print(const vqc_video *video, vqc_error *error)
{
    const char *words[COMMAND_WORDS];
    command told = {0};
    vqc_status status = command_write(video, video->path, &told, words, error);
    if (status == VQC_OK) {
        vqc_print(stdout, "no ffmpeg on PATH; this makes %s of %zu frames:\n   ", video->path, video->count);
        for (size_t i = 0; words[i] != NULL; i++)
            word_print(words[i]);
        (void)putchar('\n');
    }
    command_release(&told);
    return status;
}

/* Has ffmpeg write into the file that is not at its path yet. */
static vqc_status ffmpeg_run(const vqc_video *video, const char *path, bool *found_out, vqc_error *error)
{
    const char *words[COMMAND_WORDS];
    command told = {0};
    vqc_status status = command_write(video, path, &told, words, error);
    if (status == VQC_OK)
        status = vqc_program_run(words, found_out, error);
    if (status != VQC_OK)
        status = vqc_error_prefix(error, "%s", video->path);
    command_release(&told);
    return status;
}

/* ffmpeg has been known to end well with nothing written. */
static vqc_status content_check(const vqc_new_file *file, vqc_error *error)
{
    if (fseek(file->stream, 0, SEEK_END) == 0 && ftell(file->stream) > 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED, "%s: ffmpeg wrote nothing", file->path);
}

vqc_status vqc_video_make(const vqc_video *video, vqc_error *error)
{
    vqc_new_file file;
    bool found = true;
    VQC_TRY(vqc_new_file_open(video->path, &file, error));
    vqc_status status = ffmpeg_run(video, file.temporary, &found, error);
    if (status == VQC_OK && found)
        status = content_check(&file, error);
    if (status != VQC_OK || !found) {
        vqc_new_file_discard(&file);
        return status == VQC_OK ? command_print(video, error) : status;
    }
    VQC_TRY(vqc_new_file_commit(&file, error));
    vqc_print(stdout, "%s: %zu frames, %ld a second\n", video->path, video->count, video->rate);
    return VQC_OK;
}
