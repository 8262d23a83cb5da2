#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/visible.h"

enum { BAR_WIDTH = 24 };
static const double terminal_seconds = 0.2;
static const double log_seconds = 30.0;

void vqc_progress_init(vqc_progress *progress)
{
    *progress = (vqc_progress){.terminal = isatty(STDERR_FILENO) == 1, .shown = -1.0};
}

static void time_print(double seconds)
{
    long whole = (long)(seconds + 0.5);
    (void)fprintf(stderr, whole >= 3600 ? "%ld:%02ld:%02ld left" : "%ld:%02ld left",
                  whole >= 3600 ? whole / 3600 : whole / 60, whole >= 3600 ? whole / 60 % 60 : whole % 60,
                  whole % 60);
}

static void bar_print(const vqc_launch_progress *now)
{
    double share = 1.0 - (double)now->steps_left / (double)now->steps_study;
    int filled = (int)(share * BAR_WIDTH + 0.5);
    (void)fprintf(stderr, "\r[");
    for (int i = 0; i < BAR_WIDTH; i++)
        (void)fputc(i < filled ? '#' : '.', stderr);
    (void)fprintf(stderr, "] ");
}

void vqc_progress_show(const vqc_launch_progress *now, void *context)
{
    vqc_progress *progress = context;
    double every = progress->terminal ? terminal_seconds : log_seconds;
    if (progress->shown >= 0.0 && now->seconds - progress->shown < every)
        return;
    progress->shown = now->seconds;
    double rate = now->seconds > 0.0 ? (double)now->steps_made / now->seconds : 0.0;
    if (progress->terminal)
        bar_print(now);
    vqc_print(stderr, "%zu of %zu renders, %s step %lld of %lld, %.1f steps/s, ", now->renders_done, now->renders,
              now->render, (long long)now->step, (long long)now->steps, rate);
    time_print(rate > 0.0 ? (double)now->steps_left / rate : 0.0);
    (void)fprintf(stderr, progress->terminal ? "   " : "\n");
    (void)fflush(stderr);
}

void vqc_progress_end(vqc_progress *progress)
{
    if (progress->terminal && progress->shown >= 0.0)
        (void)fputc('\n', stderr);
}
